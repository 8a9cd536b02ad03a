"""What tools/evaluate_on_keypoints.py does."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

import numpy as np

from ..data.picture_file import ImageError, read_image
from ..evaluation.files.written_results import metrics_table, write_metrics
from ..evaluation.keypoints.answers import ImageAnswers, KeypointAnswers
from ..evaluation.keypoints.answers_file import write_answers
from ..evaluation.keypoints.evaluation import BOX_AP_SCORE, KeypointEvaluation
from ..evaluation.keypoints.keypoint_file import KeypointImage, KeypointSet, read_keypoint_set
from ..evaluation.keypoints.metrics import left_right_confused, part_is_right
from ..evaluation.keypoints.ranking import RiskCoverage
from ..evaluation.points.surface_distance import SurfaceDistance
from ..inference import Predictor
from ..inference.person import Person
from ..visualization import at_picture_size, draw_boxes, draw_parts
from ..visualization.keypoint_marks import Mark, draw_keypoints, draw_legend
from ..visualization.risk_coverage_curve import draw_risk_coverage
from .actions.action import write_png
from .apply import build_predictor
from .options import UsageError, check_model, check_out_folder, check_overrides
from .progress import progress_bar

_PARTS_OPACITY = 0.6
_TITLES = {"wrong_part": "wrong part", "beyond_20cm": "more than 20 cm from the joint"}


def run(args: argparse.Namespace) -> None:
    """Evaluate a model against keypoints, print the metrics, and write the results into --out.

    Raises:
        UserError: the model, the annotations, an image or the output folder cannot be used.
    """
    check_model(args)
    check_overrides(args.opts)
    check_out_folder(args.out)
    if args.pictures and args.out is None:
        raise UsageError("--pictures needs --out, the folder to write them to")
    annotations = read_keypoint_set(args.annotations, args.names)
    _check_images(args.images, annotations)
    # Box AP needs the uncertain detections too.
    low = {"score_threshold": min(BOX_AP_SCORE, args.score_threshold)}
    predictor = build_predictor(argparse.Namespace(**vars(args) | low))
    distance = SurfaceDistance(predictor.metric.surface)
    evaluation = KeypointEvaluation(annotations, distance, args.score_threshold)
    shown = chosen_pictures(annotations, args.pictures)
    images = progress_bar(iterable=annotations.images, desc="images", unit="image")
    for image, pixels in _with_pixels(images, args.images):
        found = FIND[args.boxes](predictor, image, pixels)
        answers = evaluation.add(image, found)
        if image.people.image_id in shown:
            likely = [person for person in found if person.score >= args.score_threshold]
            path = args.out / "pictures" / f"{image.file_name}.png"
            write_png(path, draw_answers(pixels, likely, answers))
    tasks, curves = evaluation.metrics()
    for task, values in tasks.items():
        print(f"\n{task}\n{metrics_table(values)}")
    if args.out is not None:
        settings = {
            "annotations": str(args.annotations),
            "names": None if args.names is None else args.names.pattern,
            "model": args.model or args.weights,
            "boxes": args.boxes,
            "overrides": args.opts,
            "surface": distance.surface.name,
            "score_threshold": args.score_threshold,
        }
        write_all(args.out, {"settings": settings} | tasks, curves, evaluation.answers())
        print(f"\nsee {args.out}")


def _in_annotated_boxes(
    predictor: Predictor, image: KeypointImage, pixels: np.ndarray
) -> list[Person]:
    """The people in the annotated boxes of an image, crowds left out."""
    boxes = image.people.boxes[~image.people.iscrowd]
    if not len(boxes):
        return []
    return predictor.predict_boxes(pixels, np.hstack([boxes[:, :2], boxes[:, :2] + boxes[:, 2:]]))


FIND: dict[str, Callable[[Predictor, KeypointImage, np.ndarray], list[Person]]] = {
    "detected": lambda predictor, image, pixels: predictor(pixels),
    "annotated": _in_annotated_boxes,
}
"""Where people are looked for, by the values of --boxes."""


def _check_images(folder: Path, annotations: KeypointSet) -> None:
    """Refuse annotations of images that are not there, before a model is loaded.

    Raises:
        UsageError: some are missing.
    """
    names = [image.file_name for image in annotations.images]
    missing = [name for name in names if not (folder / name).is_file()]
    if missing:
        raise UsageError(
            f"--images {folder}: {len(missing)} of the {len(names)} annotated images are not there,"
            f" such as {missing[0]}"
        )


def _with_pixels(
    images: Iterable[KeypointImage], folder: Path
) -> Iterator[tuple[KeypointImage, np.ndarray]]:
    """Each image with its pixels (H, W, 3) uint8.

    Raises:
        ImageError: one cannot be read, or is not of the size that was annotated.
    """
    for image in images:
        path, people = folder / image.file_name, image.people
        pixels = read_image(path)
        height, width = pixels.shape[:2]
        if (height, width) != (people.height, people.width):
            raise ImageError(
                f"{path}: has {width} x {height} pixels, but {people.width} x {people.height} were"
                " annotated"
            )
        yield image, pixels


def chosen_pictures(annotations: KeypointSet, count: int) -> set[int]:
    """The ids of so many images, evenly spaced over those with visible keypoints."""
    ids = [image.people.image_id for image in annotations.images if image.visible.any()]
    place = np.linspace(0, len(ids) - 1, min(count, len(ids))).round().astype(int)
    return {ids[i] for i in place}


def draw_answers(pixels: np.ndarray, people: list[Person], answers: ImageAnswers) -> np.ndarray:
    """The image with its keypoints, and beside it the same with parts and boxes of the people.

    Args:
        pixels: (H, W, 3) uint8 BGR.
        people: who was found.
        answers: at the visible keypoints.
    """
    keypoints = answers.keypoints
    picture, larger = at_picture_size(pixels, people)
    xy = keypoints.xy * picture.shape[1] / pixels.shape[1]
    marks = _marks(keypoints)
    painted = draw_boxes(draw_parts(picture, larger, _PARTS_OPACITY), larger)
    pair = [draw_keypoints(one, xy, marks) for one in (picture, painted)]
    pair[0] = draw_legend(pair[0])
    return np.concatenate(pair, axis=0 if picture.shape[1] > picture.shape[0] else 1)


def _marks(keypoints: KeypointAnswers) -> list[Mark]:
    right, mirrored = part_is_right(keypoints), left_right_confused(keypoints)
    conditions = {Mark.NOT_FOUND: ~keypoints.matched, Mark.RIGHT: right, Mark.OTHER_SIDE: mirrored}
    return [
        next((mark for mark, holds in conditions.items() if holds[i]), Mark.WRONG)
        for i in range(len(keypoints))
    ]


def write_all(
    out: Path,
    results: dict[str, dict],
    curves: dict[str, dict[str, RiskCoverage]],
    answers: KeypointAnswers,
) -> None:
    """Write metrics.json, keypoints.csv and risk_coverage.png.

    Args:
        out: the folder, made if missing.
        results: {task: {metric: value}}.
        curves: by fault and number; also written into metrics.json.
        answers: at all visible keypoints.
    """
    out.mkdir(parents=True, exist_ok=True)
    of_curves = {
        f"risk_coverage_{fault}": {
            key: values
            for name, curve in by_number.items()
            if np.isfinite(curve.risk).all()
            for key, values in (
                ("coverage", curve.coverage.tolist()),
                (name, curve.risk.tolist()),
            )
        }
        for fault, by_number in curves.items()
    }
    write_metrics(out / "metrics.json", results | of_curves)
    write_answers(out / "keypoints.csv", answers)
    draw_risk_coverage(
        {_TITLES[fault]: by_number for fault, by_number in curves.items()},
        out / "risk_coverage.png",
    )
