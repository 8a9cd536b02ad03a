#!/usr/bin/env python
"""Release a trained model: its weights alone, verified, and its row in the model zoo.

The released file is loaded into a fresh model and evaluated on the test set of its config; only if
it reaches what the training stated is anything written. MODEL_ZOO.md is made anew.
"""

from __future__ import annotations

import argparse
import json
import re
import tempfile
from collections.abc import Sequence
from pathlib import Path

from detectron2.config import CfgNode
from detectron2.utils.logger import setup_logger
from tabulate import tabulate

from uncertain_densepose.config import load_config
from uncertain_densepose.device import usable_device
from uncertain_densepose.engine import USER_ERRORS
from uncertain_densepose.evaluation.files import write_metrics
from uncertain_densepose.model_zoo import BUILTIN, ModelZoo, Release

from .releases.page import RESULTS, zoo_page
from .releases.releasing import MAX_SHIPPED_BYTES, ReleaseError, make_release

PAGE = Path(__file__).resolve().parent.parent / "MODEL_ZOO.md"
CLEAN_NAME = re.compile(r"[A-Za-z0-9_]+(/[A-Za-z0-9_]+)*")
CLEAN_ADDRESS = re.compile(r"https://[A-Za-z0-9._~/-]+")

EPILOGUE = """\
DIR gets
  model_final_<6 digits of its SHA-256>.safetensors  the weights
  model_final_<6 digits of its SHA-256>.pkl          the same for Detectron2's own tools
  metrics.json                                       what the released file reaches

Refused are checkpoints of another config, of a training that has not ended or is not of this
project's tools/train_net.py, weights that are not finite, and numbers of MODEL_ZOO.md that differ
from those stated by more than 0.5 percentage points or 0.02 nats.

example:
  python -m lab.release_checkpoint configs/synth/unc_full_small.yaml \\
      output/synth_unc_full_small/model_final.pth \\
      output/synth_unc_full_small/metrics_synth_people_upright_val_annotator.json \\
      --out output/release --half --ship --licence Apache-2.0
"""


class InputError(Exception):
    """What is wrong with the command line."""


def build_parser() -> argparse.ArgumentParser:
    """The command line."""
    parser = argparse.ArgumentParser(
        description=__doc__, epilog=EPILOGUE, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    add = parser.add_argument
    add("config", metavar="CONFIG", type=Path, help="a config of the zoo, which has one test set")
    add("checkpoint", metavar="CHECKPOINT", help="model_final.pth of its training")
    add(
        "metrics",
        metavar="METRICS.json",
        type=Path,
        help="metrics_<data set>.json that the training wrote",
    )
    add("--out", required=True, type=Path, metavar="DIR", help="folder to write to; made if absent")
    add("--licence", required=True, metavar="TEXT", help="of the weights, such as 'CC BY-NC 4.0'")
    add("--half", action="store_true", help="write weights in half precision")
    where = parser.add_mutually_exclusive_group(required=True)
    where.add_argument(
        "--ship",
        action="store_true",
        help=f"put the weights into the package, up to {MAX_SHIPPED_BYTES / 1e6:.0f} MB",
    )
    where.add_argument(
        "--address", metavar="URL", help="https address under which both files will be found"
    )
    add("--device", help="cpu, cuda, cuda:1, ... (default: a GPU when there is one)")
    add("--zoo", type=Path, metavar="DIR", help="folder of another zoo (default: the package's)")
    add(
        "--page",
        type=Path,
        default=PAGE,
        metavar="FILE",
        help="the zoo's page (default: MODEL_ZOO.md of the repository)",
    )
    return parser


def model_name(config: Path, zoo: ModelZoo) -> str:
    """The name by which the zoo knows a config.

    Raises:
        InputError: it is none of the zoo's, or its name has characters that addresses and shells
            take for something else.
    """
    try:
        name = config.resolve().relative_to(zoo.configs.resolve()).with_suffix("").as_posix()
    except ValueError:
        name = ""
    if name not in zoo.names():
        raise InputError(f"{config}: no config of the zoo; those are in {zoo.configs}")
    if not CLEAN_NAME.fullmatch(name):
        raise InputError(f"{config}: rename it to letters, digits and underscores")
    return name


def clean_address(address: str | None) -> str:
    """The address without a slash at its end, "" if there is none.

    Raises:
        InputError: it is no plain https address.
    """
    if address and not CLEAN_ADDRESS.fullmatch(address):
        raise InputError(
            f"--address {address}: expected https://host/path, letters, digits and ._~-"
        )
    return (address or "").rstrip("/")


def release_config(config: Path, device: str | None) -> CfgNode:
    """The config with a device.

    Raises:
        InputError: it has not exactly one test set.
    """
    cfg = load_config(str(config))
    if len(cfg.DATASETS.TEST) != 1:
        raise InputError(f"{config}: DATASETS.TEST has to name one data set")
    cfg.MODEL.DEVICE = usable_device(device)
    return cfg


def read_metrics(path: Path) -> dict:
    """The metrics that a training wrote.

    Raises:
        InputError: the file is missing or is no such file.
    """
    try:
        metrics = json.loads(path.read_text())
    except (OSError, ValueError) as error:
        raise InputError(f"{path}: no metrics of a training: {error}") from error
    if not isinstance(metrics, dict) or not all(isinstance(one, dict) for one in metrics.values()):
        raise InputError(f"{path}: expected {{task: {{metric: value}}}}")
    return metrics


def run(args: argparse.Namespace) -> tuple[str, Release]:
    """Do what a command line asks for; the model's name and its row are returned.

    Raises:
        InputError, ReleaseError, and those of `USER_ERRORS`.
    """
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


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the command line; what the user got wrong ends it with a message and status 2."""
    parser = build_parser()
    args = parser.parse_args(arguments)
    if args.out.exists() and not args.out.is_dir():
        parser.error(f"{args.out}: --out must be a folder, this is a file")
    setup_logger(name="detectron2")
    try:
        name, release = run(args)
    except (InputError, ReleaseError, *USER_ERRORS) as error:
        parser.error(str(error))
    reached = [(column.title, column.text(release.metrics)) for column in RESULTS]
    print(tabulate(reached, headers=[name, ""], disable_numparse=True))
    megabytes = (args.out / release.file).stat().st_size / 1e6
    print(f"{args.out / release.file}: {megabytes:.1f} MB, SHA-256 {release.sha256}")
    print(args.page)


if __name__ == "__main__":
    main()
