"""The evaluation of detections that are at hand, in one pass over their images."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from ...structures.detections import ImageDetections
from ..detections.detection_metrics import detection_metrics, evaluate_image, match_people
from ..detections.protocols import Matches, Pairs, count_strict
from ..ground_truth.ground_truth import AnnotatedImage
from ..points.correspondence import CorrespondenceTotals
from ..points.surface_distance import SurfaceDistance


def evaluate_results(
    results: Iterable[tuple[AnnotatedImage, ImageDetections]],
    distance: SurfaceDistance,
    count: Callable[[Pairs], Matches] = count_strict,
    kappa_m: float | None = None,
) -> tuple[dict[str, dict[str, float]], CorrespondenceTotals]:
    """Evaluate images; in one without detections, nobody was found.

    Args:
        results: images and what was detected in each, at most `gps_ap.MAX_DETECTIONS`, such as a
            `ResultFile`. They are gone through once.
        distance: the surface of the annotations.
        count: one of `protocols.PROTOCOLS`.
        kappa_m: the length scale of GPS for the whole body, metres; by default one a part.

    Returns:
        The metrics of `detection_metrics` by task, and the correspondence of all points.
    """
    images, scores, correspondence = [], [], CorrespondenceTotals()
    for image, detections in results:
        match = match_people(image, detections)
        result = evaluate_image(image, detections, match, distance, kappa_m)
        images.append(image)
        scores.append(result.scores)
        correspondence += result.correspondence
    return detection_metrics(images, scores, correspondence, count), correspondence
