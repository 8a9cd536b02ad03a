"""Recalibration: predicted covariances times a factor that was fitted on held-out data.

Networks tend to be overconfident on images that they were not trained on. One factor for all
covariances, or one a part, corrects the size of the uncertainty but not the order of points or the
correlation of errors: the temperature of Guo et al. (ICML 2017) and the scaling of Levi et al.
(2019), for Gaussian regression.

It is stored as json beside the checkpoint, not in it: weights in any format can have one, or one
for each kind of images, and training that continues from a checkpoint does not inherit an old one.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import torch
from detectron2.evaluation import inference_on_dataset
from detectron2.structures import Instances
from torch import nn

from ..errors import NOT_JSON, UserError, missing
from ..structures import PointPredictions
from ..surface import NUM_PARTS
from .ground_truth import AnnotatedImage, GroundTruthBoxModel
from .image_by_image import ImageByImageEvaluator, Reduction, points_in_given_boxes
from .points.calibration import mahalanobis_squared
from .points.points_in_chart import PointsInChart
from .totals import Totals

MIN_POINTS_PER_PART = 100
"""Parts with fewer points take the factor of all, since their own would be off by over 10 %."""


class RecalibrationError(UserError, ValueError):
    """A recalibration that cannot be fitted, read or applied."""


class RecalibrationFileError(RecalibrationError):
    """A recalibration file that cannot be used. The message names the file and the field."""


def require_variance(points: PointPredictions) -> torch.Tensor:
    """The variance (P,) of predictions, chart units².

    Raises:
        RecalibrationError: the model predicts none.
    """
    if points.variance is None:
        raise RecalibrationError("the model predicts no variance, so none can be recalibrated")
    return points.variance


@dataclass(frozen=True)
class Recalibration:
    """Factors of covariances.

    Attributes:
        variance_scale: the factor of all parts that have none of their own.
        part_variance_scale: the factors of parts that have one, by chart 1..24.
        origin: what the factors were fitted to, for the reader of the file.
    """

    variance_scale: float
    part_variance_scale: Mapping[int, float] = field(default_factory=dict)
    origin: Mapping[str, str | int] = field(default_factory=dict)

    def of_part(self, part: torch.Tensor) -> torch.Tensor:
        """(P,) float64 factors of charts (P,) 0..24."""
        table = torch.full((NUM_PARTS + 1,), self.variance_scale, dtype=torch.float64)
        for own, scale in self.part_variance_scale.items():
            table[own] = scale
        return table.to(part.device)[part]

    def apply(self, points: PointPredictions) -> PointPredictions:
        """The same predictions with s, r rᵀ and B each times the factor of the part.

        Raises:
            RecalibrationError: the model predicts no variance.
        """
        variance = require_variance(points)
        scale = self.of_part(points.part).to(variance)
        direction, shared = points.direction, points.shared_covariance
        return replace(
            points,
            variance=scale * variance,
            direction=None if direction is None else scale.sqrt()[:, None] * direction,
            shared_covariance=None if shared is None else scale[:, None, None] * shared,
        )

    def save(self, path: str | os.PathLike) -> None:
        """Write a json file."""
        content = {
            "variance_scale": self.variance_scale,
            "part_variance_scale": {str(k): v for k, v in self.part_variance_scale.items()},
            "origin": dict(self.origin),
        }
        with open(path, "w") as file:
            json.dump(content, file, indent=2)
            file.write("\n")

    @staticmethod
    def load(path: str | os.PathLike) -> Recalibration:
        """Read a file that `save` wrote.

        Raises:
            RecalibrationFileError: there is no such file, it is not json, or a field is missing or
                is not a factor above 0.
        """
        if not os.path.isfile(path):
            raise RecalibrationFileError(
                missing(path, "no such file; write one with tools/recalibrate.py")
            )
        try:
            with open(path) as file:
                content = json.load(file)
        except OSError as error:
            raise RecalibrationFileError(f"{path}: cannot be read ({error.strerror})") from error
        except NOT_JSON as error:
            raise RecalibrationFileError(f"{path}: not json ({error})") from error
        if not isinstance(content, dict):
            raise RecalibrationFileError(f"{path}: must hold an object")
        parts, origin = (content.get(key, {}) for key in ("part_variance_scale", "origin"))
        for name, value in (("part_variance_scale", parts), ("origin", origin)):
            if not isinstance(value, dict):
                raise RecalibrationFileError(f"{path}: field '{name}' must be an object")
        unknown = set(parts) - {str(part) for part in range(1, NUM_PARTS + 1)}
        if unknown:
            raise RecalibrationFileError(
                f"{path}: field 'part_variance_scale': part {min(unknown)!r} is not in"
                f" 1..{NUM_PARTS}"
            )
        return Recalibration(
            _factor(path, "variance_scale", content.get("variance_scale")),
            {int(k): _factor(path, f"part_variance_scale.{k}", v) for k, v in parts.items()},
            origin,
        )

    @staticmethod
    def named(path: str) -> Recalibration | None:
        """`load`, for the value of `DENSEPOSE_EVALUATION.RECALIBRATION`; None for ""."""
        return Recalibration.load(path) if path else None


def _factor(path: str | os.PathLike, name: str, value: object) -> float:
    number = value if isinstance(value, (int, float)) and not isinstance(value, bool) else None
    if number is None or not 0 < number <= sys.float_info.max:
        raise RecalibrationFileError(f"{path}: field '{name}' must be above 0, not {value!r}")
    return float(number)


@dataclass(frozen=True)
class MahalanobisTotals(Totals):
    """What a recalibration is fitted to.

    Attributes:
        total: (25,) float64, the sum over a part's points of the squared Mahalanobis distance
            under the marginal covariance.
        num_points: (25,) int64.
    """

    total: np.ndarray = field(default_factory=lambda: np.zeros(NUM_PARTS + 1))
    num_points: np.ndarray = field(default_factory=lambda: np.zeros(NUM_PARTS + 1, dtype=np.int64))

    @staticmethod
    def of(part: torch.Tensor, mahalanobis_squared: torch.Tensor) -> MahalanobisTotals:
        """The totals of P points, from their charts (P,) and squared Mahalanobis distances (P,)."""
        charts = part.cpu().numpy()
        weights = mahalanobis_squared.double().cpu().numpy()
        return MahalanobisTotals(
            np.bincount(charts, weights=weights, minlength=NUM_PARTS + 1),
            np.bincount(charts, minlength=NUM_PARTS + 1),
        )


def mahalanobis_totals(points: PointsInChart) -> MahalanobisTotals:
    """Squared Mahalanobis distances of annotated points under their marginal covariances.

    Raises:
        RecalibrationError: the model predicts no variance.
    """
    require_variance(points.predicted)
    covariance = points.predicted.distribution(points.group).covariance()
    distance = mahalanobis_squared(points.residual_uv, covariance)
    return MahalanobisTotals.of(points.predicted.part, distance)


def fit_scalar(totals: MahalanobisTotals) -> Recalibration:
    """One factor for all covariances.

    The log-density of δ ~ N(0, c Σ) is -log c - δᵀ Σ⁻¹ δ / (2 c) up to a constant, so the most
    likely c over independent points is the mean of δᵀ Σ⁻¹ δ / 2. For a joint model Σ is the
    marginal covariance too, since its ellipses are to be calibrated.

    Raises:
        RecalibrationError: there are no points, or their distances do not sum to a positive number.
    """
    count = int(totals.num_points.sum())
    if count == 0:
        raise RecalibrationError("there are no points to fit a recalibration to")
    scale = float(totals.total.sum()) / (2 * count)
    if not 0 < scale < float("inf"):
        raise RecalibrationError(
            f"the mean squared Mahalanobis distance is {2 * scale}, which no factor can correct"
        )
    return Recalibration(scale, origin={"num_points": count})


def fit_per_part(totals: MahalanobisTotals) -> Recalibration:
    """`fit_scalar` for each part with `MIN_POINTS_PER_PART`; the others take the factor of all.

    Raises:
        RecalibrationError: as `fit_scalar`.
    """
    parts = np.flatnonzero((totals.num_points >= MIN_POINTS_PER_PART) & (totals.total > 0))
    scales = totals.total[parts] / (2 * totals.num_points[parts])
    overall = fit_scalar(totals)
    own = dict(zip(parts.tolist(), scales.tolist(), strict=True))
    return replace(overall, part_variance_scale=own)


class MahalanobisEvaluator(ImageByImageEvaluator):
    """Sums what a recalibration is fitted to, from the outputs of a `GroundTruthBoxModel`.

    The result is `{"recalibration": {"variance_scale": ..., "num_points": ...}}`, the factor of
    `fit_scalar`, NaN if no point was read; `totals` has the sums of all parts after `evaluate`.

    Args and errors: as `GlobalVarianceEvaluator`; `RecalibrationError` for a model that predicts no
    variance.
    """

    _expects_all_images = False
    _no_totals = MahalanobisTotals

    def _reduce(self, image: AnnotatedImage, instances: Instances) -> Reduction:
        points = points_in_given_boxes(image, instances)
        return Reduction(MahalanobisTotals() if points is None else mahalanobis_totals(points))

    def _summarise(
        self, images: list[AnnotatedImage], kept: list[Any], totals: MahalanobisTotals
    ) -> dict[str, dict]:
        count = int(totals.num_points.sum())
        scale = fit_scalar(totals).variance_scale if count else float("nan")
        return {"recalibration": {"variance_scale": scale, "num_points": count}}


def fit_recalibration(
    model: nn.Module,
    loader: Iterable[list[dict]],
    dataset_name: str,
    fit: Callable[[MahalanobisTotals], Recalibration] = fit_scalar,
) -> Recalibration:
    """Fit factors of a model's covariances to held-out annotations, in one process.

    Args:
        model: a `GeneralizedRCNN` with weights.
        loader: batches of Detectron2's test input, of the data set or of a part of it. They should
            not be training images, on which errors are smaller, nor those on which the recalibrated
            model will be judged.
        dataset_name: registered with `json_file` in its metadata.
        fit: `fit_scalar` or `fit_per_part`.

    Raises:
        AnnotationFileError: see `GroundTruth.of_dataset`.
        RecalibrationError: the model predicts no variance, no point was read, or predictions are
            not finite.
    """
    evaluator = MahalanobisEvaluator(dataset_name, distributed=False)
    inference_on_dataset(GroundTruthBoxModel.for_dataset(model, dataset_name), loader, evaluator)
    return fit(evaluator.totals)
