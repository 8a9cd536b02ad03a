"""What tools/apply_net.py does with images."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable

from .. import model_zoo
from ..inference import Predictor, find_sources
from ..visualization import PictureStyle
from .actions import Action, Dump, Show, ShowOnSurface, model_settings
from .apply_options import check_model
from .image_run import RunReport, run_on_images
from .run_folder import RunFolder


def make_show(args: argparse.Namespace) -> Action:
    """The action of `show`."""
    style = PictureStyle(args.vmax_cm, args.samples, args.seed)
    return Show(args.out, args.pictures, style, args.side, args.animation, args.video)


def make_dump(args: argparse.Namespace) -> Action:
    """The action of `dump`."""
    return Dump(args.out, args.format, args.annotations)


def make_surface(args: argparse.Namespace) -> Action:
    """The action of `surface`."""
    return ShowOnSurface(args.out, args.vmax_cm, args.person)


ACTIONS: dict[str, Callable[[argparse.Namespace], Action]] = {
    "show": make_show,
    "dump": make_dump,
    "surface": make_surface,
}
"""By the command of `apply_options`."""


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
    """Do what the command line says, and print the files of the run as a whole.

    Raises:
        UserError: the model, the images or the folder cannot be used.
        KeyboardInterrupt: it was interrupted; the message says how to go on.
    """
    check_model(args)
    try:
        return _run(args)
    except KeyboardInterrupt as interruption:
        how = "interrupted; the same command goes on from here"
        raise KeyboardInterrupt(how) from interruption


def _run(args: argparse.Namespace) -> RunReport:
    sources = find_sources(args.images, args.every, args.out)
    action = ACTIONS[args.command](args)
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


def tell(report: RunReport, args: argparse.Namespace) -> None:
    """Print what became of the images."""
    print(
        f"images: {report.done}, skipped as done before: {report.skipped}, "
        f"people: {report.people}; see {args.out}"
    )
    if report.failures:
        print(f"\n{len(report.failures)} could not be used:", file=sys.stderr)
        for failure in report.failures:
            print(f"  {failure}", file=sys.stderr)
