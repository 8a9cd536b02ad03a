#!/usr/bin/env python
"""Find people in images and videos: their correspondences with the body, and how sure these are."""

from __future__ import annotations

import argparse
import math
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import NamedTuple

from uncertain_densepose import model_zoo
from uncertain_densepose.cli.actions import (
    DUMP_FORMATS,
    Action,
    ActionError,
    Dump,
    Show,
    ShowOnSurface,
    model_settings,
)
from uncertain_densepose.cli.actions.show import VIDEO_VMAX_CM
from uncertain_densepose.cli.image_run import RunReport, run_on_images
from uncertain_densepose.cli.run_folder import RunFolder, RunFolderError
from uncertain_densepose.engine import USER_ERRORS as MODEL_ERRORS
from uncertain_densepose.inference import (
    Predictor,
    SourceError,
    find_sources,
)
from uncertain_densepose.visualization import PictureNameError, PictureStyle, VideoError
from uncertain_densepose.visualization.error_animation import ANIMATION_FORMATS
from uncertain_densepose.visualization.picture_layers import (
    DEFAULT_PICTURES,
    PICTURE_LAYER_REGISTRY,
)
from uncertain_densepose.visualization.picture_size import SIDE_RANGE

IMAGES_HELP = """\
IMAGE is an image, a video, a folder, or a quoted pattern such as "shots/**/*.jpg". A folder stands
for the images in it and in all folders below it (its videos are to be named one by one), and the
results keep its structure. Other files are named without their folder, and two that would share a
name are refused. Of a video every frame is an image, NAME/<frame>. All are worked through in
natural order, img2 before img10.

A run that was cut short goes on when it is started again: images whose results are complete and
which have not changed since are skipped. Results of another model or other options in --out are
refused; --overwrite removes them first. Images that cannot be read stop nothing: they are listed
at the end, and the exit status is then 1.
"""

LAYERS_HELP = "\n".join(f"  {name:12} {layer.__doc__}" for name, layer in PICTURE_LAYER_REGISTRY)

SHOW_HELP = f"""\
pictures of --pictures, divided by commas; "+" lays one over the other:
{LAYERS_HELP}
samples are draws from the joint distribution of all errors: the hue is the direction of the error
in the chart, the strength its length. Where the model shares an error over a part (full), the part
has one colour; independent errors are grain.

example:
  python tools/apply_net.py show photos --config-file configs/synth/unc_full.yaml \\
      --weights output/demo/model_final.pth --out output/shown --pictures part,sigma+ellipses
"""

DUMP_HELP = """\
  npz   NAME.npz: the maps of person i under "i/part", "i/uv", "i/covariance_uv", "i/sigma_uv",
        "i/sigma_cm", "i/part_probability"; "i/window" is x0, y0, x1, y1, the pixels that they
        cover; and "i/box", "i/score", "i/shared_covariance". NaN in a map is background. Models
        without a noise model have no covariances. inference.load_people reads it.
        predictions.json lists the people of all images: file_name, frame (of a video), bbox (x, y,
        width, height), score, and where their maps are.
  coco  coco_results.json, which COCO-DensePose's evaluators and tools/evaluate.py read

example:
  python tools/apply_net.py dump "photos/*.jpg" --config-file configs/synth/unc_full.yaml \\
      --weights output/demo/model_final.pth --out output/dumped
"""

SURFACE_HELP = """\
NAME.person<i>.png has the image with the person's box, and the body from the front, the back and
the sides in the colours of the mean standard deviation of the pixels that show a place; places
that no pixel shows are grey. People are numbered by falling score, from 0. It needs distances on
the body: of the embedded body, once, tools/build_surface.py.

example:
  python tools/apply_net.py surface photo.jpg --config-file configs/synth/unc_full.yaml \\
      --weights output/demo/model_final.pth --out output/bodies
"""


class InputError(Exception):
    """What is wrong with the command line."""


USER_ERRORS = (
    *MODEL_ERRORS,
    ActionError,
    InputError,
    OSError,
    PictureNameError,
    RunFolderError,
    SourceError,
    VideoError,
)
"""What a command line reports in one line, without a traceback."""


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


def add_image_arguments(add: Callable) -> None:
    """What to work on and where to write."""
    add("images", nargs="+", metavar="IMAGE", help="images, videos, folders, quoted patterns")
    add("--out", required=True, type=Path, metavar="DIR", help="folder to write to; made if absent")
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


def add_model_arguments(add: Callable) -> None:
    """Which model finds the people."""
    add("--model", metavar="NAME", help="a model of the zoo, see MODEL_ZOO.md")
    add("--config-file", help="or: yaml with which the model was trained, and")
    add("--weights", help="its checkpoint, for example output/demo/model_final.pth")
    add(
        "--score-threshold",
        type=number(float, 0, 1),
        default=0.5,
        metavar="S",
        help="leave out detections whose score is below S, 0..1 (default: %(default)s)",
    )
    add("--device", help="cpu, cuda, cuda:1, ... (default: a GPU when there is one)")
    add("--surface", help="surface file (default: that of the config's first test data set)")
    add("--opts", nargs="+", default=[], metavar="KEY VALUE", help="replace values of the config")


def add_show_arguments(add: Callable) -> None:
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
    add("--seed", type=number(int, 0), default=0, metavar="N", help="of the draws (default: 0)")
    add(
        "--animation",
        choices=ANIMATION_FORMATS,
        help="also write NAME.samples.gif or .webp, a loop of draws that go over into each other",
    )
    add("--video", action="store_true", help="also write NAME.mp4 of the pictures of each video")


def add_dump_arguments(add: Callable) -> None:
    """Of `dump`."""
    add("--format", nargs="+", choices=tuple(DUMP_FORMATS), default=["npz"], help="default: npz")
    add(
        "--annotations",
        type=Path,
        metavar="FILE",
        help="COCO file that has the images; coco results then have its ids (default: their names)",
    )


def add_surface_arguments(add: Callable) -> None:
    """Of `surface`."""
    add("--person", type=number(int, 0), metavar="I", help="only the I-th person (default: all)")
    add(
        "--vmax-cm",
        type=number(float, 0.01),
        metavar="CM",
        help="end of the scale (default: where 2 %% of the person's pixels are beyond it)",
    )


class Command(NamedTuple):
    """A command: its help, its own arguments, and how its action is made of them."""

    summary: str
    details: str
    add_arguments: Callable[[Callable], None]
    make_action: Callable[[argparse.Namespace], Action]


COMMANDS = {
    "show": Command(
        "Pictures of parts, coordinates and uncertainty.",
        SHOW_HELP,
        add_show_arguments,
        lambda args: Show(
            args.out,
            args.pictures,
            PictureStyle(args.vmax_cm, args.samples, args.seed),
            args.side,
            args.animation,
            args.video,
        ),
    ),
    "dump": Command(
        "Every person's maps, or results for evaluators.",
        DUMP_HELP,
        add_dump_arguments,
        lambda args: Dump(args.out, args.format, args.annotations),
    ),
    "surface": Command(
        "Each person's uncertainty painted on the body, from four sides.",
        SURFACE_HELP,
        add_surface_arguments,
        lambda args: ShowOnSurface(args.out, args.vmax_cm, args.person),
    ),
}


def build_parser() -> argparse.ArgumentParser:
    """The command line."""
    plain = argparse.RawDescriptionHelpFormatter
    parser = argparse.ArgumentParser(description=__doc__, epilog=IMAGES_HELP, formatter_class=plain)
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    for name, command in COMMANDS.items():
        sub = commands.add_parser(
            name,
            help=command.summary,
            description=command.summary,
            epilog=f"{command.details}\n{IMAGES_HELP}",
            formatter_class=plain,
        )
        command.add_arguments(sub.add_argument_group(name).add_argument)
        add_image_arguments(sub.add_argument_group("images").add_argument)
        add_model_arguments(sub.add_argument_group("model").add_argument)
    return parser


def check_model(args: argparse.Namespace) -> None:
    """Refuse a command line that names no model, or two.

    Raises:
        InputError: it does not have either a name, or a config and weights.
    """
    own = (args.config_file, args.weights)
    if (None in own) == (args.model is None) or (args.model is not None and any(own)):
        raise InputError("name a model: either --model, or both --config-file and --weights")


def build_predictor(args: argparse.Namespace) -> Predictor:
    """The model that the command line names.

    Raises:
        FileNotFoundError, ConfigError, WeightsError, SurfaceFileError: see `Predictor`.
    """
    config_file, weights = args.config_file, args.weights
    if args.model is not None:
        config_file = model_zoo.get_config_file(args.model)
        weights = model_zoo.get_checkpoint(args.model)
    return Predictor(
        config_file,
        weights,
        device=args.device,
        score_threshold=args.score_threshold,
        surface=args.surface,
        overrides=args.opts,
    )


def run(args: argparse.Namespace) -> RunReport:
    """Do what the command line says.

    Raises:
        USER_ERRORS: what the user got wrong.
    """
    check_model(args)
    sources = find_sources(args.images, args.every, args.out)
    action = COMMANDS[args.command].make_action(args)
    action.take_sources(sources)
    predictor = build_predictor(args)
    action.take_model(predictor.cfg, predictor.metric.surface)
    settings = {"command": args.command, **model_settings(predictor), **action.settings}
    folder = RunFolder(args.out, settings, args.overwrite)
    report = run_on_images(predictor, sources, folder, action.write, args.batch_size)
    written = action.finish(folder, sources)
    folder.finish_run(path.relative_to(args.out).as_posix() for path in written)
    for path in written:
        print(path)
    return report


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the command line.

    Exit status: 0; 1 if an image could not be used; 2 for what the user got wrong, with a message;
    130 if it was interrupted.
    """
    parser = build_parser()
    args = parser.parse_args(arguments)
    try:
        report = run(args)
    except USER_ERRORS as error:
        parser.error(str(error))
    except KeyboardInterrupt:
        print("\ninterrupted; the same command goes on from here", file=sys.stderr)
        sys.exit(130)
    print(
        f"images: {report.done}, skipped as done before: {report.skipped}, "
        f"people: {report.people}; see {args.out}"
    )
    if report.failures:
        print(f"\n{len(report.failures)} could not be used:", file=sys.stderr)
        for failure in report.failures:
            print(f"  {failure}", file=sys.stderr)
        sys.exit(1)


if __name__ == "__main__":
    main()
