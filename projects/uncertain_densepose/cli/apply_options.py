"""The command line of tools/apply_net.py."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

from .apply_help import DUMP_HELP, IMAGES_HELP, SHOW_HELP, SURFACE_HELP
from .options import (
    Add,
    UsageError,
    add_device,
    add_model,
    add_out_folder,
    add_overrides,
    add_seed,
    make_parser,
    number,
)

ANIMATION_FORMATS = ("gif", "webp")
DUMP_FORMATS = ("npz", "coco")
DEFAULT_PICTURES = "box,part,isolines,sigma+ellipses"
SIDE_RANGE = (640, 1600)
"""As `visualization` and `cli.actions` have them, which are not imported before `--help`."""

VIDEO_VMAX_CM = 10.0
"""End of the scale of standard deviations in videos, in which it must not change by the frame."""


def add_images(add: Add) -> None:
    """What to work on and where to write."""
    add("images", nargs="+", metavar="IMAGE", help="images, videos, folders, quoted patterns")
    add_out_folder(add)
    add("--overwrite", action="store_true", help="first remove the results that are in --out")
    add(
        "--every",
        type=number(int, 1),
        default=1,
        metavar="N",
        help="take every N-th frame of videos (default: all)",
    )
    add(
        "--batch-size",
        type=number(int, 1),
        default=1,
        metavar="N",
        help="images that the model sees, and memory holds, at once (default: %(default)s)",
    )


def add_models(add: Add) -> None:
    """Which model finds the people."""
    add("--model", metavar="NAME", help="a model of the zoo, see MODEL_ZOO.md")
    add_model(add, "its checkpoint, for example output/demo/model_final.pth", required=False)
    add(
        "--score-threshold",
        type=number(float, 0, 1),
        default=0.5,
        metavar="S",
        help="leave out detections whose score is below S, 0..1 (default: %(default)s)",
    )
    add_device(add)
    add("--surface", help="surface file (default: that of the config's first test data set)")
    add_overrides(add)


def add_show_arguments(add: Add) -> None:
    """Of `show`."""
    low, high = SIDE_RANGE
    add("--pictures", metavar="LAYERS", help=f"see below (default: {DEFAULT_PICTURES})")
    add(
        "--side",
        type=number(int, 16, 10000),
        metavar="PIXELS",
        help=f"longer side of each picture (default: the image's, within {low}..{high})",
    )
    add(
        "--vmax-cm",
        type=number(float, 0.01),
        metavar="CM",
        help="end of the scale of standard deviations (default: where 2 %% of the pixels of an "
        f"image are beyond it; {VIDEO_VMAX_CM:g} with --video)",
    )
    add("--samples", type=number(int, 1), default=3, metavar="N", help="draws (default: 3)")
    add_seed(add, "of the draws (default: 0)")
    add(
        "--animation",
        choices=ANIMATION_FORMATS,
        help="also write NAME.samples.gif or .webp, a loop of draws that go over into each other",
    )
    add("--video", action="store_true", help="also write NAME.mp4 of the pictures of each video")


def add_dump_arguments(add: Add) -> None:
    """Of `dump`."""
    add("--format", nargs="+", choices=DUMP_FORMATS, default=["npz"], help="default: npz")
    add(
        "--annotations",
        type=Path,
        metavar="FILE",
        help="COCO file that has the images; coco results then have its ids (default: their names)",
    )


def add_surface_arguments(add: Add) -> None:
    """Of `surface`."""
    add("--person", type=number(int, 0), metavar="I", help="only the I-th person (default: all)")
    add(
        "--vmax-cm",
        type=number(float, 0.01),
        metavar="CM",
        help="end of the scale (default: where 2 %% of the person's pixels are beyond it)",
    )


class Command(NamedTuple):
    """A command: its help, and its own arguments."""

    summary: str
    details: str
    add_arguments: Callable[[Add], None]


COMMANDS = {
    "show": Command(
        "Pictures of parts, coordinates and uncertainty.", SHOW_HELP, add_show_arguments
    ),
    "dump": Command(
        "Every person's maps, or results for evaluators.", DUMP_HELP, add_dump_arguments
    ),
    "surface": Command(
        "Each person's uncertainty painted on the body, from four sides.",
        SURFACE_HELP,
        add_surface_arguments,
    ),
}


def build_parser(description: str | None = None) -> argparse.ArgumentParser:
    """The command line, with a subcommand for each kind of result."""
    parser = make_parser(description, IMAGES_HELP)
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    for name, command in COMMANDS.items():
        sub = commands.add_parser(
            name,
            help=command.summary,
            description=command.summary,
            epilog=f"{command.details}\n{IMAGES_HELP}",
            formatter_class=argparse.RawDescriptionHelpFormatter,
        )
        command.add_arguments(sub.add_argument_group(name).add_argument)
        add_images(sub.add_argument_group("images").add_argument)
        add_models(sub.add_argument_group("model").add_argument)
    return parser


def check_model(args: argparse.Namespace) -> None:
    """Refuse a command line that names no model, or two.

    Raises:
        UsageError: it does not have either a name, or a config and weights.
    """
    own = (args.config_file, args.weights)
    if (None in own) == (args.model is None) or (args.model is not None and any(own)):
        raise UsageError("name a model: either --model, or both --config-file and --weights")
