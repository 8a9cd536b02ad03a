"""MODEL_ZOO.md, made from the index of a zoo and a template."""

from __future__ import annotations

import dataclasses
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from detectron2.config import CfgNode
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from natsort import natsorted
from tabulate import tabulate

from uncertain_densepose.model_zoo.published import PublishedModel
from uncertain_densepose.model_zoo.zoo import ModelZoo, Release

TEMPLATE = Path(__file__).with_name("MODEL_ZOO.md.jinja")
CENTIMETRES = (1, 2, 3, 5, 10, 20)
NOT_MEASURED = "–"


@dataclasses.dataclass(frozen=True)
class ZooColumn:
    """A number of a table.

    Attributes:
        title: above it.
        task, metric: where metrics have it.
        decimals: that are printed.
        tolerance: by how much it may change when a model is released.
    """

    title: str
    task: str
    metric: str
    decimals: int
    tolerance: float

    def value(self, metrics: Mapping[str, Mapping[str, float | None]]) -> float | None:
        """The number, None where it was not measured."""
        return metrics.get(self.task, {}).get(self.metric)

    def text(self, metrics: Mapping[str, Mapping[str, float | None]]) -> str:
        """The number as it is printed."""
        value = self.value(metrics)
        return NOT_MEASURED if value is None else f"{value:.{self.decimals}f}"


def _percent(title: str, task: str, metric: str) -> ZooColumn:
    return ZooColumn(title, task, metric, decimals=1, tolerance=0.5)


def _nats(title: str, metric: str) -> ZooColumn:
    return ZooColumn(title, "likelihood_gt_boxes", metric, decimals=3, tolerance=0.02)


RESULTS = (
    _percent("box AP", "bbox", "AP"),
    _percent("GPS AP", "densepose_gps", "AP"),
    _percent("GPSm AP", "densepose_gpsm", "AP"),
    _nats("nats", "nats_per_point"),
    _nats("nats, one by one", "nats_per_point_full_marginal"),
    _nats("nats, one variance", "global_variance_nats_per_point"),
    *(
        _percent(f"in the {level} % ellipse", "calibration_gt_boxes", f"coverage_{level}")
        for level in (50, 90, 95)
    ),
)
"""What a model reaches on the test set of its config."""


PUBLISHED = (
    *RESULTS[:1],
    _percent("segm AP", "segm", "AP"),
    *RESULTS[1:3],
)
"""What DensePose's authors say of their models."""


def _within(suffix: str) -> tuple[ZooColumn, ...]:
    return tuple(
        _percent(f"{limit} cm", "correspondence_gt_boxes", f"within_{limit}cm{suffix}")
        for limit in CENTIMETRES
    )


DISTANCES = {"the labels": _within(""), "the truth": _within("_true")}
"""Shares of points within a distance, by what the distance is measured to."""

COLUMNS = (*RESULTS, *(column for columns in DISTANCES.values() for column in columns))
"""All numbers of the page that are measured."""


def duration(seconds: float) -> str:
    """A time as 25 min or 3 h 20 min."""
    minutes = max(1, round(seconds / 60))
    return f"{minutes // 60} h {minutes % 60} min" if minutes >= 60 else f"{minutes} min"


def zoo_page(zoo: ModelZoo) -> str:
    """The page of a zoo, in Markdown: the template beside this file, with its tables."""
    environment = Environment(
        loader=FileSystemLoader(TEMPLATE.parent),
        trim_blocks=True,
        keep_trailing_newline=True,
        undefined=StrictUndefined,
    )
    releases, published = zoo.releases(), zoo.published()
    made_here = (name for name in zoo.names() if name not in releases and name not in published)
    missing = {name: zoo.get_config(name) for name in made_here}
    return environment.get_template(TEMPLATE.name).render(
        releases=releases,
        files=_table(_FILE_TITLES, [_file_row(*item) for item in releases.items()]),
        results=_table(
            ["model", *(column.title for column in RESULTS)],
            [[name, *_texts(RESULTS, one)] for name, one in releases.items()],
        ),
        distances=_table(
            ["model", "of", *(f"{limit} cm" for limit in CENTIMETRES)],
            [
                [name, of, *_texts(columns, release)]
                for name, release in releases.items()
                for of, columns in DISTANCES.items()
                if any(column.value(release.metrics) is not None for column in columns)
            ],
        ),
        networks=_networks(missing, zoo.training_command),
        published=_table(
            [*_NETWORK_TITLES[:-1], *(column.title for column in PUBLISHED), "file"],
            [_published_row(name, zoo.get_config(name), one) for name, one in published.items()],
        ),
        published_licences=sorted({(one.licence, one.source) for one in published.values()}),
    )


def _networks(configs: Mapping[str, CfgNode], command: Callable[[str], str]) -> dict[str, str]:
    """A table for each training set, smaller backbones first."""
    rows = defaultdict(list)
    for name, cfg in configs.items():
        row = [f"[{name}](configs/{name}.yaml)", *_network(cfg), f"`{command(name)}`"]
        rows[", ".join(cfg.DATASETS.TRAIN)].append(row)
    return {
        data: _table(_NETWORK_TITLES, natsorted(models, key=lambda row: " ".join(row[1:])))
        for data, models in rows.items()
    }


_NETWORK_TITLES = ("model", "backbone", "head", "noise model", "made by")

_OTHER_BACKBONES = {
    "build_movenet_fpn_backbone": "MoveNet",
    "build_narrow_resnet18_fpn_backbone": "narrow ResNet-18",
}
"""By the names of their builders: those of which `MODEL.RESNETS.DEPTH` says nothing."""


def _network(cfg: CfgNode) -> list[str]:
    """What tells a model from others of its training set."""
    head = cfg.MODEL.ROI_DENSEPOSE_HEAD
    backbone = _OTHER_BACKBONES.get(cfg.MODEL.BACKBONE.NAME, f"ResNet-{cfg.MODEL.RESNETS.DEPTH}")
    return [backbone, head.NAME, head.UV_CONFIDENCE.TYPE]


_FILE_TITLES = (
    *("model", "file", "SHA-256", "licence", "seed", "commit", "iterations"),
    *("train time", "memory", "on"),
)


def _file_row(name: str, release: Release) -> list[str]:
    training = release.training
    processes = training["processes"]
    return [
        f"[{name}](configs/{name}.yaml)",
        _files(release),
        release.sha256[:16],
        release.licence,
        str(training["seed"]),
        str(training["commit"]),
        str(training["iterations"]),
        duration(float(training["seconds"])),
        f"{training['peak_memory_mib']:.0f} MiB",
        f"{training['device']}" if processes == 1 else f"{processes} x {training['device']}",
    ]


def _published_row(name: str, cfg: CfgNode, model: PublishedModel) -> list[str]:
    head = cfg.MODEL.ROI_DENSEPOSE_HEAD
    depth, head_name, noise = _network(cfg)
    return [
        f"[{name}](configs/{name}.yaml)",
        *(depth, head_name, noise if head.UV_CONFIDENCE.ENABLED else NOT_MEASURED),
        *(column.text(model.metrics) for column in PUBLISHED),
        f"[{model.file}]({model.address})",
    ]


def _files(release: Release) -> str:
    if not release.address:
        return f"{release.file}, in the package"
    linked = {release.file: release.file, ".pkl": release.pickle_file}
    return ", ".join(f"[{text}]({release.address}/{file})" for text, file in linked.items())


def _texts(columns: Sequence[ZooColumn], release: Release) -> list[str]:
    return [column.text(release.metrics) for column in columns]


def _table(titles: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    return tabulate(rows, titles, tablefmt="pipe", disable_numparse=True)
