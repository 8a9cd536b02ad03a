"""Options shared by several command lines, and the types of their values.

Each `add_*` function takes the `add_argument` of a parser or of a group. Nothing heavy is imported.
"""

from __future__ import annotations

import argparse
import math
import os
import re
from collections.abc import Callable
from pathlib import Path
from typing import NoReturn

from ..errors import UserError
from ..surface.paths import default_surface_path

Add = Callable[..., object]
"""`add_argument` of a parser."""

PER_PART = "per_part"
"""The value of --kappa that stands for a length scale per body part."""


class UsageError(UserError):
    """Options that cannot be used, alone or together. The message names them."""


class OneLineParser(argparse.ArgumentParser):
    """A parser whose errors take one line, and which refuses "" and URLs as paths."""

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.register("type", Path, lambda text: Path(path_text(text)))

    def error(self, message: str) -> NoReturn:
        """Exit with status 2; the usage is left to --help."""
        self.exit(2, f"{self.prog}: error: {' '.join(message.split())}; see --help\n")


class ListModels(argparse.Action):
    """An option that prints `model_list` and exits, as --help does."""

    def __init__(self, option_strings, dest, help=None):
        super().__init__(option_strings, dest=argparse.SUPPRESS, nargs=0, help=help)

    def __call__(self, parser, *_):
        from .model_list import model_list

        print(model_list())
        parser.exit()


def nonempty(text: str) -> str:
    """An argparse type: a text."""
    if not text:
        raise argparse.ArgumentTypeError("must not be empty")
    return text


def path_text(text: str) -> str:
    """An argparse type: a path as it was given."""
    if "://" in nonempty(text):
        raise argparse.ArgumentTypeError(f"{text} is a URL, not a path; download the file first")
    return text


def pattern(text: str) -> re.Pattern[str]:
    """An argparse type: a regular expression."""
    try:
        return re.compile(nonempty(text))
    except re.error as error:
        raise argparse.ArgumentTypeError(f"{text!r} is no regular expression: {error}") from error


def make_parser(
    description: str | None = None, epilog: str | None = None
) -> argparse.ArgumentParser:
    """A parser that prints description and epilog with their own line breaks."""
    return OneLineParser(
        description=description,
        epilog=epilog,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )


def number(kind: type, low: float, high: float = math.inf) -> Callable[[str], float]:
    """An argparse type: an int or float (`kind`) from `low` to `high`, both included."""

    def parse(text: str) -> float:
        value = kind(text)
        if not low <= value <= high or math.isinf(value):
            limit = f"at least {low}" if high == math.inf else f"in {low}..{high}"
            raise argparse.ArgumentTypeError(f"must be {limit}, not {text}")
        return value

    parse.__name__ = kind.__name__
    return parse


def above_zero(text: str) -> float:
    """An argparse type: a number above 0; "inf" is allowed."""
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if not value > 0:
        raise argparse.ArgumentTypeError(f"must be a number above 0, not {text!r}")
    return value


def finite_above_zero(text: str) -> float:
    """An argparse type: a finite number above 0."""
    value = above_zero(text)
    if math.isinf(value):
        raise argparse.ArgumentTypeError("must be finite")
    return value


def parse_kappa(text: str) -> float | None:
    """An argparse type: a length scale of GPS in metres, or None for `PER_PART`."""
    if text == PER_PART:
        return None
    try:
        return finite_above_zero(text)
    except argparse.ArgumentTypeError as error:
        message = f"{text!r} is neither '{PER_PART}' nor metres above 0"
        raise argparse.ArgumentTypeError(message) from error


def add_model(add: Add) -> None:
    """A trained model: --model, or --config-file and --weights; see `models.chosen_model`."""
    add("--model", metavar="NAME", help="a model with weights, by its name in MODEL_ZOO.md")
    add(
        "--config-file",
        type=path_text,
        metavar="FILE",
        help="or your own: the yaml that it was trained with, and",
    )
    add(
        "--weights",
        type=nonempty,
        metavar="FILE",
        help="its checkpoint, e.g. output/demo/model_final.pth",
    )


def check_model(args: argparse.Namespace) -> None:
    """Refuse options of `add_model` that name no model, or two.

    Raises:
        UsageError: they are neither --model alone nor both --config-file and --weights.
    """
    own = args.config_file, args.weights
    if own != (None, None) if args.model is not None else None in own:
        raise UsageError("name one model: either --model, or both --config-file and --weights")


def add_device(add: Add) -> None:
    """The device that the model runs on; see `device.usable_device`."""
    add("--device", help="cpu, cuda, cuda:1, mps, ... (default: a GPU if there is one)")


def add_overrides(add: Add, of: str = "the config") -> None:
    """Pairs that override values of a config; see `check_overrides`."""
    add("--opts", nargs="+", default=[], metavar="KEY VALUE", help=f"override values of {of}")


def check_overrides(overrides: list[str]) -> None:
    """Refuse a key without a value.

    Raises:
        UsageError: the number of words is odd.
    """
    if len(overrides) % 2:
        raise UsageError(f"--opts takes pairs KEY VALUE, got {' '.join(overrides)}")


def add_dataset(add: Add, kind: str = "data set", least: int = 1) -> None:
    """A registered data set, or some of its images; see `engine.data.choose_records`.

    Args:
        kind: what the help calls it.
        least: the smallest number of images allowed.
    """
    add("--dataset", metavar="NAME", help=f"{kind} (default: the first of DATASETS.TEST)")
    add(
        "--images",
        type=number(int, least),
        metavar="N",
        help="use only N of its images, evenly spaced (default: all)",
    )


def add_surface(add: Add, text: str) -> None:
    """A surface file, by default the embedded body; `text` says what it is for."""
    add(
        "--surface",
        type=Path,
        default=default_surface_path(),
        metavar="FILE",
        help=f"{text} (default: %(default)s)",
    )


def add_workers(add: Add, default: int | None, text: str = "processes") -> None:
    """A number of processes; `default` None means one per core."""
    shown = "all cores" if default is None else "%(default)s"
    add(
        "--workers",
        type=number(int, 1),
        default=default,
        metavar="N",
        help=f"{text} (default: {shown})",
    )


def add_seed(add: Add, text: str) -> None:
    """A seed of what `text` names, 0 by default."""
    add("--seed", type=number(int, 0), default=0, metavar="N", help=f"{text} (default: 0)")


def add_threads(add: Add, text: str = "threads") -> None:
    """A number of torch threads."""
    add("--threads", type=number(int, 1), metavar="N", help=f"{text} (default: torch's choice)")


def add_out_folder(add: Add, required: bool = True) -> None:
    """An output folder; see `check_out_folder`."""
    add(
        "--out",
        required=required,
        type=Path,
        metavar="DIR",
        help="output folder, created if missing",
    )


def check_out_folder(out: Path | None, option: str = "--out") -> None:
    """Refuse an output folder that is a file, or would lie below one.

    Raises:
        UsageError: `out` exists and is not a folder, or cannot be made.
    """
    if out is None or out.is_dir():
        return
    if out.exists():
        raise UsageError(f"{out}: {option} must be a folder, but this is a file")
    _check_above(out, option)


def check_new_file(path: Path | None, option: str = "--out") -> None:
    """Refuse an output file that cannot be written, also with its folders made.

    Raises:
        UsageError: `path` is a folder, or would lie below a file.
    """
    if path is None:
        return
    if path.is_dir():
        raise UsageError(f"{path}: {option} must be a file, but this is a folder")
    _check_above(path, option)


PICTURE_SUFFIXES = (".jpg", ".jpeg", ".pdf", ".png", ".svg", ".tif", ".tiff", ".webp")
"""Of figures that matplotlib writes."""


def new_picture(text: str) -> Path:
    """An argparse type: a picture that can be written, see `check_new_file`."""
    path = Path(path_text(text))
    if path.suffix.lower() not in PICTURE_SUFFIXES:
        endings = " ".join(PICTURE_SUFFIXES)
        raise argparse.ArgumentTypeError(f"{text}: must end in one of {endings}")
    try:
        check_new_file(path, "the picture")
    except UsageError as error:
        raise argparse.ArgumentTypeError(str(error)) from error
    return path


def _check_above(path: Path, option: str) -> None:
    above = next(folder for folder in path.absolute().parents if os.path.lexists(folder))
    if not above.is_dir():
        raise UsageError(f"{option} {path}: {above} is a file, and cannot hold anything")


def check_out_file(path: Path, option: str = "--out") -> None:
    """Refuse an output file that cannot be written.

    Raises:
        UsageError: `path` is a folder, or its own folder does not exist.
    """
    if path.is_dir():
        raise UsageError(f"{path}: {option} must be a file, but this is a folder")
    if not path.parent.is_dir():
        raise UsageError(f"{option} {path}: there is no folder {path.parent}")
