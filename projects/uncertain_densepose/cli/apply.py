"""What tools/apply_net.py does with images."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable

from ..config import load_config
from ..inference import Predictor, find_sources
from ..modeling import check_module_names
from ..visualization import PictureStyle
from ..weights_address import check_weights_address
from .actions import (
    Action,
    Dump,
    Show,
    ShowOnSurface,
    check_room_for_names,
    model_settings,
)
from .image_run import RunReport, run_on_images
from .models import chosen_model
from .options import UsageError, check_model, check_out_folder
from .run_folder import RunFolder

ACTIONS: dict[str, Callable[[argparse.Namespace], Action]] = {
    "show": lambda args: Show(
        args.out,
        args.pictures,
        PictureStyle(args.vmax_cm, args.samples, args.seed),
        args.side,
        args.animation,
        args.video,
    ),
    "dump": lambda args: Dump(args.out, args.format, args.annotations),
    "surface": lambda args: ShowOnSurface(args.out, args.vmax_cm, args.person),
}
"""By the subcommand of `apply_options`."""


def build_predictor(args: argparse.Namespace) -> Predictor:
    """The model that the command line names.

    Raises:
        FileNotFoundError, UsageError, ConfigError, WeightsError, SurfaceFileError: see
            `chosen_model` and `Predictor`.
    """
    config_file, weights = chosen_model(args)
    check_module_names(load_config(config_file, args.opts))
    check_weights_address(weights)
    return Predictor(
        config_file,
        weights,
        device=args.device,
        score_threshold=args.score_threshold,
        surface=args.surface,
        overrides=args.opts,
    )


def run(args: argparse.Namespace) -> RunReport:
    """Process the images, and print the files that the whole run has in common.

    Raises:
        UserError: the model, the images or the output folder cannot be used.
        KeyboardInterrupt: the run was interrupted; the message says how to resume it.
    """
    check_model(args)
    check_out_folder(args.out)
    try:
        return _run(args)
    except KeyboardInterrupt as interruption:
        how = "interrupted; run the same command again to resume"
        raise KeyboardInterrupt(how) from interruption


def _run(args: argparse.Namespace) -> RunReport:
    sources = find_sources(args.images, args.every, args.out)
    action = ACTIONS[args.command](args)
    check_room_for_names(sources, action.longest_ending)
    action.take_sources(sources)
    predictor = build_predictor(args)
    action.take_model(predictor.cfg, predictor.metric.surface)
    settings = {"command": args.command, **model_settings(predictor), **action.settings}
    folder = RunFolder(args.out, settings, args.overwrite)
    for source in sources:
        folder.check_inside(f"{source.name}.")
    report = run_on_images(predictor, sources, folder, action.write, args.batch_size)
    _check_person(args, report)
    written = action.finish(folder, sources)
    folder.finish_run(path.relative_to(args.out).as_posix() for path in written)
    for path in written:
        print(path)
    return report


def _check_person(args: argparse.Namespace, report: RunReport) -> None:
    """Refuse a person whom no image has.

    Raises:
        UsageError: nothing was painted, because no image has so many people.
    """
    asked = getattr(args, "person", None)
    if asked is not None and report.done and asked >= report.most_people:
        raise UsageError(
            f"--person {asked}: nothing was painted; at most {report.most_people} people were "
            "found in an image, and they are numbered from 0"
        )


def tell(report: RunReport, args: argparse.Namespace) -> None:
    """Print how many images and people there were, and to stderr what could not be read."""
    print(
        f"images: {report.done}, skipped as done before: {report.skipped}, "
        f"people: {report.people}; see {args.out}"
    )
    if report.failures:
        print(f"\n{len(report.failures)} could not be used:", file=sys.stderr)
        for failure in report.failures:
            print(f"  {failure}", file=sys.stderr)
