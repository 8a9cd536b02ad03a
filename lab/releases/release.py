"""The release of a checkpoint: its files, its row in the zoo, and the zoo's page."""

from __future__ import annotations

import argparse
import json
import re
import tempfile
from pathlib import Path

from detectron2.config import CfgNode
from detectron2.utils.logger import setup_logger

from uncertain_densepose.cli.options import UsageError, check_out_folder
from uncertain_densepose.config import load_config
from uncertain_densepose.device import usable_device
from uncertain_densepose.errors import NOT_JSON
from uncertain_densepose.evaluation.files import write_metrics
from uncertain_densepose.model_zoo import BUILTIN, ModelZoo, Release

from .page import RESULTS, zoo_page
from .releasing import make_release

CLEAN_NAME = re.compile(r"[A-Za-z0-9_]+(/[A-Za-z0-9_]+)*")
CLEAN_ADDRESS = re.compile(r"https://[A-Za-z0-9._~/-]+")


def release_checkpoint(args: argparse.Namespace) -> tuple[str, Release]:
    """Release the checkpoint that a command line names.

    Args:
        args: of `options.build_parser`.

    Returns:
        the model's name and its row in the zoo.

    Raises:
        UserError: the checkpoint cannot be released.
    """
    check_out_folder(args.out)
    setup_logger(name="detectron2")
    zoo = ModelZoo(args.zoo) if args.zoo else BUILTIN
    name, address = model_name(args.config, zoo), clean_address(args.address)
    cfg, stated = release_config(args.config, args.device), read_metrics(args.metrics)
    args.out.mkdir(parents=True, exist_ok=True)
    # Within the folder, so that files are moved and not copied, all of them or none.
    with tempfile.TemporaryDirectory(dir=args.out) as unverified:
        release = make_release(
            cfg, args.checkpoint, stated, Path(unverified), args.half, args.licence, address
        )
        for file in (release.file, release.pickle_file):
            Path(unverified, file).replace(args.out / file)
    write_metrics(args.out / "metrics.json", release.metrics)
    zoo.add(name, release, args.out)
    args.page.write_text(zoo_page(zoo))
    return name, release


def results_of(release: Release) -> list[tuple[str, str]]:
    """Title and value of each column of the zoo's page."""
    return [(column.title, column.text(release.metrics)) for column in RESULTS]


def model_name(config: Path, zoo: ModelZoo) -> str:
    """The name by which the zoo knows a config.

    Raises:
        UsageError: the zoo does not have it, or its name has characters with a meaning in addresses
            or shells.
    """
    try:
        name = config.resolve().relative_to(zoo.configs.resolve()).with_suffix("").as_posix()
    except ValueError:
        name = ""
    if name not in zoo.names():
        raise UsageError(f"{config}: not a config of the zoo; its configs are in {zoo.configs}")
    if not CLEAN_NAME.fullmatch(name):
        raise UsageError(f"{config}: rename it to letters, digits and underscores")
    return name


def clean_address(address: str | None) -> str:
    """The address without a slash at its end, "" if None.

    Raises:
        UsageError: it is not a plain https address.
    """
    if address and not CLEAN_ADDRESS.fullmatch(address):
        raise UsageError(
            f"--address {address}: expected https://host/path, letters, digits and ._~-"
        )
    return (address or "").rstrip("/")


def release_config(config: Path, device: str | None) -> CfgNode:
    """The config with a device.

    Raises:
        UsageError: it does not have exactly one test set.
    """
    cfg = load_config(str(config))
    if len(cfg.DATASETS.TEST) != 1:
        raise UsageError(f"{config}: DATASETS.TEST must name exactly one data set")
    cfg.MODEL.DEVICE = usable_device(device)
    return cfg


def read_metrics(path: Path) -> dict:
    """The metrics that a training wrote.

    Raises:
        UsageError: the file is missing or does not hold such metrics.
    """
    try:
        metrics = json.loads(path.read_text())
    except (OSError, *NOT_JSON) as error:
        raise UsageError(f"{path}: not the metrics of a training: {error}") from error
    if not isinstance(metrics, dict) or not all(isinstance(one, dict) for one in metrics.values()):
        raise UsageError(f"{path}: expected {{task: {{metric: value}}}}")
    return metrics
