"""The models that a command line can name, and whether their weights are here."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from tabulate import tabulate

from ..model_zoo import BUILTIN, ModelZoo
from ..weights_address import cached_path

TASKS = {"box AP": "bbox", "GPS AP": "densepose_gps", "GPSm AP": "densepose_gpsm"}
"""Columns, and the tasks whose "AP" they show."""

NOTE = """\
APs of densepose/... are those that their authors published, on DensePose-COCO; the others were
measured on the test set of the model's config. Files in the cache are checked when used."""


def model_list(zoo: ModelZoo = BUILTIN) -> str:
    """A table of the models with weights: where these are, and their APs."""
    rows = [
        (name, _where(Path(release.file), release.address), release.metrics)
        for name, release in zoo.releases().items()
    ] + [
        (name, _where(Path(model.file), model.address.rpartition("/")[0]), model.metrics)
        for name, model in zoo.published().items()
    ]
    table = tabulate(
        [[name, where, *map(_text, _aps(metrics))] for name, where, metrics in rows],
        ["--model", "weights", *TASKS],
        disable_numparse=True,
    )
    return f"{table}\n\n{NOTE}"


def _where(file: Path, folder: str) -> str:
    if not folder:
        return "in the package"
    cached = cached_path(f"{folder}/{file}")
    return "in the cache" if cached.is_file() else "to be downloaded"


def _aps(metrics: Mapping[str, Mapping[str, float | None]]) -> list[float | None]:
    return [metrics.get(task, {}).get("AP") for task in TASKS.values()]


def _text(ap: float | None) -> str:
    return "-" if ap is None else f"{ap:.1f}"
