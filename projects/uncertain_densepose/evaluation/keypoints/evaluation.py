"""Images are added one by one; then come the metrics of all of them."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from ..points.surface_distance import SurfaceDistance
from .answers import FoundPerson, ImageAnswers, KeypointAnswers, boxes_xywh, image_answers
from .box_ap import box_average_precision
from .joints import joint_rings
from .keypoint_file import KeypointImage, KeypointSet
from .metrics import keypoint_metrics, people_metrics, uncertainty_metrics
from .ranking import RiskCoverage

BOX_AP_SCORE = 0.05
"""Detections below it do not count for box AP, Detectron2's default; AP needs the uncertain ones
too, which are not people enough for anything else."""


class KeypointEvaluation:
    """A model against the keypoints of images.

    Args:
        annotations: of the images.
        distance: on the surface that the model predicts.
        score_threshold: detections below it are nobody, but for box AP.

    Raises:
        JointRingError: a joint has no place on the surface.
    """

    def __init__(
        self, annotations: KeypointSet, distance: SurfaceDistance, score_threshold: float = 0.5
    ):
        self._annotations = annotations
        self._distance = distance
        self._rings = joint_rings(distance.surface)
        self._score_threshold = score_threshold
        self._images: list[ImageAnswers] = []
        self._boxes: dict[int, np.ndarray] = {}
        self._scores: dict[int, np.ndarray] = {}

    def add(self, image: KeypointImage, found: Sequence[FoundPerson]) -> ImageAnswers:
        """Take the detections of an image, the highest score first, and keep what is measured."""
        key = image.people.image_id
        self._boxes[key] = boxes_xywh(found)
        self._scores[key] = np.array([person.score for person in found])
        likely = [person for person in found if person.score >= self._score_threshold]
        answers = image_answers(image, likely, self._distance, self._rings)
        self._images.append(answers)
        return answers

    def answers(self) -> KeypointAnswers:
        """At all visible keypoints of the images so far."""
        return KeypointAnswers.cat([image.keypoints for image in self._images])

    def metrics(
        self,
    ) -> tuple[dict[str, dict[str, float]], dict[str, dict[str, RiskCoverage]]]:
        """The tasks `people`, `keypoints` and `uncertainty`, and the risk-coverage curves.

        See `metrics.people_metrics`, `keypoint_metrics` and `uncertainty_metrics`; `people` has the
        box AP too.
        """
        answers = self.answers()
        known, curves = uncertainty_metrics(answers)
        people = box_average_precision(self._annotations.truth, self._boxes, self._scores)
        people |= people_metrics(self._images)
        return {
            "people": people,
            "keypoints": keypoint_metrics(answers),
            "uncertainty": known,
        }, curves
