"""The evaluation of a result file, in one pass over its images."""

from __future__ import annotations

from collections.abc import Callable

from .correspondence import CorrespondenceErrors
from .detection_metrics import detection_metrics, evaluate_image, match_people
from .protocols import Matches, Pairs, count_strict
from .result_file import ResultFile
from .surface_distance import SurfaceDistance


def evaluate_results(
    results: ResultFile,
    distance: SurfaceDistance,
    count: Callable[[Pairs], Matches] = count_strict,
    kappa_m: float | None = None,
) -> tuple[dict[str, dict[str, float]], CorrespondenceErrors]:
    """Evaluate all annotated images; in one without results, nobody was found.

    Args:
        results: the file.
        distance: the surface of the annotations.
        count: one of `protocols.PROTOCOLS`.
        kappa_m: the length scale of GPS for the whole body, metres; by default one a part.

    Returns:
        The metrics of `detection_metrics` by task, and the errors of all points.

    Raises:
        ResultFileError: as the iteration over `results`.
    """
    images, scores, errors = [], [], []
    for image, detections in results:
        match = match_people(image, detections)
        result = evaluate_image(image, detections, match, distance, kappa_m)
        images.append(image)
        scores.append(result.scores)
        errors.append(result.errors)
    joined = CorrespondenceErrors.join(errors)
    return detection_metrics(images, scores, joined, count), joined
