"""The metrics of detections, first image by image and then over all images, in one pass."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import NamedTuple

import numpy as np

from ...structures.image_detections import ImageDetections
from ..ground_truth import AnnotatedImage
from ..points.correspondence import CorrespondenceTotals, correspondence_totals
from ..points.matching import box_overlap, match_by_score
from ..points.point_answers import read_all
from ..points.surface_distance import SurfaceDistance
from .detection_scores import DetectionScores, score_detections
from .gps_ap import MODES, average_precision
from .protocols import Matches, Pairs, count_strict


class ImageResult(NamedTuple):
    """What is kept of the detections of an image.

    Attributes:
        scores: of each detection.
        correspondence: of the points, each read in the detection matched with its person.
    """

    scores: DetectionScores
    correspondence: CorrespondenceTotals


def match_people(image: AnnotatedImage, detections: ImageDetections) -> np.ndarray:
    """(G,) int64, the detection matched with each person, crowds left out; see `match_by_score`."""
    eligible = (detections.category[:, None] == image.category) & ~image.iscrowd
    return match_by_score(box_overlap(detections.boxes, image.boxes), eligible)


def evaluate_image(
    image: AnnotatedImage,
    detections: ImageDetections,
    match: np.ndarray,
    distance: SurfaceDistance,
    kappa_m: float | None = None,
) -> ImageResult:
    """Reduce the detections of an image to a few numbers each.

    Every detection is read once at every point: GPS, GPSm and correspondence all follow from that.

    Args:
        image: the annotations.
        detections: D detections in the image, at most `gps_ap.MAX_DETECTIONS`.
        match: (G,) int64 in 0..D-1, the detection matched with each person, or `UNMATCHED`.
        distance: the surface of the annotations.
        kappa_m: the length scale of GPS for the whole body, metres; by default one a part.
    """
    answers = read_all(image, detections, distance)
    matched = answers.of_detections(match[image.person])
    return ImageResult(
        score_detections(image, detections, answers, kappa_m),
        correspondence_totals(image, matched, distance),
    )


def detection_metrics(
    images: Sequence[AnnotatedImage],
    scores: Sequence[DetectionScores],
    correspondence: CorrespondenceTotals,
    count: Callable[[Pairs], Matches],
) -> dict[str, dict[str, float]]:
    """AP and AR under each of `gps_ap.MODES`, and `correspondence`.

    Args:
        images: the images that were predicted.
        scores: of the detections in each.
        correspondence: of the points of all images.
        count: one of `protocols.PROTOCOLS`.
    """
    averages = average_precision(images, scores, count)
    return dict(zip(MODES, averages, strict=True)) | {"correspondence": correspondence.results()}


def evaluate_results(
    results: Iterable[tuple[AnnotatedImage, ImageDetections]],
    distance: SurfaceDistance,
    count: Callable[[Pairs], Matches] = count_strict,
    kappa_m: float | None = None,
) -> tuple[dict[str, dict[str, float]], CorrespondenceTotals]:
    """Evaluate images and their detections.

    Args:
        results: images and the detections in each, at most `gps_ap.MAX_DETECTIONS`, such as a
            `ResultFile`; iterated once.
        distance: the surface of the annotations.
        count: one of `protocols.PROTOCOLS`.
        kappa_m: the length scale of GPS for the whole body, metres; by default one a part.

    Returns:
        {task: {metric: value}} of `detection_metrics`, and the correspondence of all points.
    """
    images, scores, correspondence = [], [], CorrespondenceTotals()
    for image, detections in results:
        match = match_people(image, detections)
        result = evaluate_image(image, detections, match, distance, kappa_m)
        images.append(image)
        scores.append(result.scores)
        correspondence += result.correspondence
    return detection_metrics(images, scores, correspondence, count), correspondence
