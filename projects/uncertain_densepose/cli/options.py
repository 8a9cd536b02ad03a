"""Options that several command lines have, and the kinds of values that they take.

Each function takes the `add_argument` of a parser or of a group. Nothing heavy is imported here.
"""

from __future__ import annotations

import argparse
import math
from collections.abc import Callable
from pathlib import Path

from ..errors import UserError
from ..surface.paths import default_surface_path

Add = Callable[..., object]
"""`add_argument` of a parser."""


class UsageError(UserError):
    """Arguments that do not go together. The message names the option."""


def make_parser(description: str | None, epilog: str | None = None) -> argparse.ArgumentParser:
    """A parser whose texts are shown as they are written."""
    return argparse.ArgumentParser(
        description=description,
        epilog=epilog,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )


def number(kind: type, low: float, high: float = math.inf) -> Callable[[str], float]:
    """An argparse type: numbers of a kind from `low` to `high`."""

    def parse(text: str) -> float:
        value = kind(text)
        if not low <= value <= high:
            limit = f"at least {low}" if high == math.inf else f"in {low}..{high}"
            raise argparse.ArgumentTypeError(f"must be {limit}, not {text}")
        return value

    parse.__name__ = kind.__name__
    return parse


def whole_number(text: str) -> int:
    """An argparse type: whole numbers above 0."""
    if not text.isdecimal() or int(text) == 0:
        raise argparse.ArgumentTypeError(f"{text!r} is no whole number above 0")
    return int(text)


def above_zero(text: str) -> float:
    """An argparse type: numbers above 0, infinity among them."""
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if not value > 0:
        raise argparse.ArgumentTypeError(f"must be a number above 0, not {text!r}")
    return value


def finite_above_zero(text: str) -> float:
    """An argparse type: numbers above 0."""
    value = above_zero(text)
    if math.isinf(value):
        raise argparse.ArgumentTypeError("must be finite")
    return value


def add_model(add: Add, weights_help: str, several: bool = False, required: bool = True) -> None:
    """A model by the config and the checkpoint of its training.

    Args:
        add: see above.
        weights_help: of --weights.
        several: whether --weights takes several models of one config.
        required: whether there is no other way to name a model.
    """
    several_weights = {"nargs": "+", "metavar": "W.pth"} if several else {}
    of_model = "yaml with which the models were trained" if several else None
    of_model = of_model or "yaml with which the model was trained"
    add("--config-file", required=required, help=of_model if required else f"or: {of_model}, and")
    add("--weights", required=required, help=weights_help, **several_weights)


def add_device(add: Add) -> None:
    """Where the model runs; see `device.usable_device`."""
    add("--device", help="cpu, cuda, cuda:1, ... (default: a GPU when there is one)")


def add_overrides(add: Add, of: str = "the config") -> None:
    """Keys and values that replace those of a config; see `check_overrides`."""
    add("--opts", nargs="+", default=[], metavar="KEY VALUE", help=f"replace values of {of}")


def check_overrides(overrides: list[str]) -> None:
    """Refuse overrides that are no pairs.

    Raises:
        UsageError: a key has no value.
    """
    if len(overrides) % 2:
        raise UsageError(f"--opts takes pairs KEY VALUE, got {' '.join(overrides)}")


def add_dataset(add: Add, kind: str = "data set", least: int = 1) -> None:
    """A registered data set, or some of its images; see `engine.data.choose_records`."""
    add("--dataset", metavar="NAME", help=f"{kind} (default: the config's first for test)")
    add(
        "--images",
        type=number(int, least),
        metavar="N",
        help="use N images, spread evenly (default: all)",
    )


def add_surface(add: Add, text: str) -> None:
    """The embedded body, by default, or another surface file."""
    add(
        "--surface",
        type=Path,
        default=default_surface_path(),
        metavar="FILE",
        help=f"{text}; default: %(default)s",
    )


def add_workers(add: Add, default: int | None, text: str = "processes") -> None:
    """A number of processes."""
    shown = "all cores" if default is None else "%(default)s"
    add(
        "--workers",
        type=number(int, 1),
        default=default,
        metavar="N",
        help=f"{text} (default: {shown})",
    )


def add_seed(add: Add, text: str) -> None:
    """A seed, 0 by default."""
    add("--seed", type=number(int, 0), default=0, metavar="N", help=text)


def add_threads(add: Add, text: str = "threads") -> None:
    """Threads of torch."""
    add("--threads", type=number(int, 1), metavar="N", help=f"{text} (default: torch's choice)")


def add_out_folder(add: Add, required: bool = True) -> None:
    """A folder for results; see `check_out_folder`."""
    add(
        "--out",
        required=required,
        type=Path,
        metavar="DIR",
        help="folder to write to; made if absent",
    )


def check_out_folder(out: Path | None) -> None:
    """Refuse a file.

    Raises:
        UsageError: `out` is one.
    """
    if out is not None and out.exists() and not out.is_dir():
        raise UsageError(f"{out}: --out must be a folder, this is a file")


def check_out_file(path: Path, option: str = "--out") -> None:
    """Refuse a path that no file can be written to.

    Raises:
        UsageError: it is a folder, or lies in none.
    """
    if path.is_dir():
        raise UsageError(f"{path}: {option} must be a file, this is a folder")
    if not path.parent.is_dir():
        raise UsageError(f"{option} {path}: there is no folder {path.parent}")
