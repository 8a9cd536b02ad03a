"""What tools/apply_net.py does with images."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Sequence

import numpy as np

from ..config import load_config
from ..inference import (
    ImageError,
    ImageSource,
    Person,
    Predictor,
    SourceImage,
    coco_category_id,
    coco_image_ids,
    find_sources,
)
from ..inference.coco_results import PERSON_CATEGORY_ID
from ..inference.given_boxes import GivenBoxes
from ..modeling import check_module_names
from ..visualization import PictureStyle
from ..weights_address import check_weights_address
from ..weights_file import sha256_of
from .actions import (
    Action,
    Dump,
    Show,
    ShowOnSurface,
    check_room_for_names,
    model_settings,
)
from .image_run import FindPeople, RunReport, run_on_images
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


def read_boxes(args: argparse.Namespace, sources: Sequence[ImageSource]) -> GivenBoxes | None:
    """The boxes of --boxes, if it is given.

    Raises:
        BoxFileError, AnnotationFileError: see `given_boxes` and `coco_image_ids`.
        UsageError: no image has boxes, or --boxes-images stands alone.
    """
    if args.boxes is None:
        if args.boxes_images is not None:
            raise UsageError("--boxes-images is for --boxes alone")
        return None
    ids, category = None, PERSON_CATEGORY_ID
    if args.boxes_images is not None:
        ids = coco_image_ids(args.boxes_images, (source.path for source in sources))
        category = coco_category_id(args.boxes_images)
    given = GivenBoxes(args.boxes, category, args.score_threshold, ids)
    if not any(given.knows(source.name, source.path) for source in sources):
        raise UsageError(
            f"--boxes {args.boxes}: none of its boxes is of one of the images; an image_id is the "
            "name of the image or the number in it, or that of --boxes-images"
        )
    return given


def people_finder(predictor: Predictor, given: GivenBoxes | None) -> FindPeople:
    """Finds people by the model, or in given boxes."""
    if given is None:
        return lambda _, pixels: predictor(pixels)

    def find(images: Sequence[SourceImage], pixels: list[np.ndarray]) -> list[list[Person]]:
        return [
            _in_boxes(predictor, given, image, one)
            for image, one in zip(images, pixels, strict=True)
        ]

    return find


def _in_boxes(
    predictor: Predictor, given: GivenBoxes, image: SourceImage, pixels: np.ndarray
) -> list[Person]:
    try:
        return predictor.predict_boxes(pixels, *given.of(image.name, image.path))
    except ValueError as error:
        raise ImageError(f"{given.path}: {error}") from error


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
    given = read_boxes(args, sources)
    predictor = build_predictor(args)
    action.take_model(predictor.cfg, predictor.metric)
    settings = {"command": args.command, **model_settings(predictor), **action.settings}
    if given is not None:
        settings["boxes_sha256"] = sha256_of(given.path)
    folder = RunFolder(args.out, settings, args.overwrite)
    for source in sources:
        folder.check_inside(f"{source.name}.")
    find = people_finder(predictor, given)
    report = run_on_images(find, sources, folder, action.write, args.batch_size)
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
