"""The command line of tools/apply_net.py."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

from ..choices import ANIMATION_FORMATS, DEFAULT_PICTURES, DUMP_FORMAT_NAMES, PICTURE_SIDE_RANGE
from .apply_help import DUMP_HELP, IMAGES_HELP, SHOW_HELP, SURFACE_HELP
from .options import (
    Add,
    ListModels,
    add_device,
    add_model,
    add_out_folder,
    add_overrides,
    add_seed,
    make_parser,
    number,
    path_text,
)

VIDEO_VMAX_CM = 10.0
"""Upper end of the colour scale of standard deviations in videos, where it must not change from
frame to frame."""


def add_images(add: Add) -> None:
    """The images to process and the folder for the results."""
    add(
        "images",
        nargs="+",
        type=path_text,
        metavar="IMAGE",
        help="images, videos, folders, quoted patterns",
    )
    add_out_folder(add)
    add("--overwrite", action="store_true", help="first delete the earlier results in --out")
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
        help="images that the model processes at once (default: %(default)s)",
    )


def add_detector(add: Add) -> None:
    """The model, and which of its detections count."""
    add_model(add)
    add(
        "--score-threshold",
        type=number(float, 0, 1),
        default=0.5,
        metavar="S",
        help="drop detections with a score below S, 0..1 (default: %(default)s)",
    )
    add_device(add)
    add(
        "--surface",
        type=path_text,
        help="surface file (default: that of the config's first test data set)",
    )
    add_overrides(add)


def add_boxes(add: Add) -> None:
    """Boxes of people in place of the model's."""
    add(
        "--boxes",
        type=Path,
        metavar="FILE",
        help="COCO result file with the boxes of people, from a detector of your own, in place of "
        "the model's; its image ids are the images' names, or the numbers in them",
    )
    add(
        "--boxes-images",
        type=Path,
        metavar="FILE",
        help="COCO file that lists the images of --boxes by id",
    )


def add_show_arguments(add: Add) -> None:
    """The options of `show`."""
    low, high = PICTURE_SIDE_RANGE
    add("--pictures", metavar="LAYERS", help=f"see below (default: {DEFAULT_PICTURES})")
    add(
        "--side",
        type=number(int, 16, 10000),
        metavar="PIXELS",
        help=f"longer side of each picture (default: the image's, but within {low}..{high})",
    )
    add(
        "--vmax-cm",
        type=number(float, 0.01),
        metavar="CM",
        help="upper end of the colour scale of standard deviations (default: each image's 98th "
        f"percentile; {VIDEO_VMAX_CM:g} with --video)",
    )
    add(
        "--samples",
        type=number(int, 1),
        default=3,
        metavar="N",
        help="number of pictures in the layer `samples` (default: %(default)s)",
    )
    add_seed(add, "seed of the random samples")
    add(
        "--animation",
        choices=ANIMATION_FORMATS,
        help="also write NAME.samples.gif or .webp, a loop that blends one sample into the next",
    )
    add("--video", action="store_true", help="also write NAME.mp4, the pictures of each video")


def add_dump_arguments(add: Add) -> None:
    """The options of `dump`."""
    add(
        "--format",
        nargs="+",
        choices=DUMP_FORMAT_NAMES,
        default=["npz"],
        help="what to write, see below (default: npz)",
    )
    add(
        "--annotations",
        type=Path,
        metavar="FILE",
        help="COCO file that lists the images; the coco results then use its image ids (default: "
        "the images' names)",
    )


def add_surface_arguments(add: Add) -> None:
    """The options of `surface`."""
    add("--person", type=number(int, 0), metavar="I", help="only person I (default: all)")
    add(
        "--vmax-cm",
        type=number(float, 0.01),
        metavar="CM",
        help="upper end of the colour scale (default: each person's 98th percentile)",
    )


class Command(NamedTuple):
    """A subcommand: one line about it, the end of its help, and what adds its own options."""

    summary: str
    details: str
    add_arguments: Callable[[Add], None]


COMMANDS = {
    "show": Command(
        "Draw each image's body parts, coordinates and uncertainty.", SHOW_HELP, add_show_arguments
    ),
    "dump": Command(
        "Save every person's maps, results for evaluators, or IUV pictures.",
        DUMP_HELP,
        add_dump_arguments,
    ),
    "surface": Command(
        "Paint each person's uncertainty on the body, seen from four sides.",
        SURFACE_HELP,
        add_surface_arguments,
    ),
}


def build_parser(description: str | None = None) -> argparse.ArgumentParser:
    """The command line, with a subcommand for each kind of result."""
    parser = make_parser(description, IMAGES_HELP)
    parser.add_argument("--list", action=ListModels, help="list the models of --model and exit")
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
        model = sub.add_argument_group("model").add_argument
        add_detector(model)
        add_boxes(model)
    return parser
