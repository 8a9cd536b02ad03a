"""Detectron2's evaluators for dense pose.

Each image is reduced to a few numbers a detection, which AP has to sort, and to sums over points of
fixed size; no map is kept. Results are percentages and nats, NaN where there is nothing to measure:

- `densepose_gps`, `densepose_gpsm`, `densepose_segm`: AP and AR, see `gps_ap` and `protocols`;
- `correspondence`: share of points within 1 .. 20 cm and AUC, see `correspondence`;
- `likelihood`: mean log-density of the annotations, see `likelihood`;
- `calibration`: predicted against observed errors, see `calibration`;
- the last three with `_gt_boxes` after their names: in annotated boxes.
"""

from __future__ import annotations

import os
from typing import Any

import numpy as np
from detectron2.data import MetadataCatalog
from detectron2.structures import Instances

from ..surface import Surface, SurfaceFileError
from .detections import (
    MAX_DETECTIONS,
    PROTOCOLS,
    ChartDetections,
    detection_metrics,
    evaluate_image,
    match_people,
)
from .files import write_detections
from .ground_truth import AnnotatedImage
from .image_by_image import (
    ImageByImageEvaluator,
    Reduction,
    match_by_annotation,
    points_in_given_boxes,
)
from .points.correspondence import CorrespondenceTotals, correspondence_totals
from .points.likelihood import SquaredErrorTotals
from .points.point_answers import read_all
from .points.point_totals import PointTotals, point_totals
from .points.surface_distance import SurfaceDistance
from .recalibration import Recalibration

SurfaceSource = SurfaceDistance | Surface | str | os.PathLike | None
"""A surface with its tables (which evaluators can share), a surface, its file, or None for the file
in the data set's metadata `densepose_surface`."""


class _PointEvaluator(ImageByImageEvaluator):
    """What is measured at annotated points, in boxes of either kind.

    Args and errors: as `DensePoseEvaluator`.
    """

    _no_totals = PointTotals

    def __init__(
        self,
        dataset_name: str,
        *,
        surface: SurfaceSource = None,
        global_variance: float | None = None,
        recalibration: Recalibration | None = None,
        distributed: bool = True,
    ):
        super().__init__(dataset_name, distributed=distributed)
        self._distance = load_surface_distance(dataset_name, surface)
        self._global_variance = global_variance
        self._rescale = None if recalibration is None else recalibration.apply

    def _point_totals(
        self,
        image: AnnotatedImage,
        instances: Instances,
        match: np.ndarray,
        correspondence: CorrespondenceTotals,
    ) -> PointTotals:
        options = self._distance, self._global_variance, self._rescale
        return point_totals(image, instances, match, correspondence, *options)


class DensePoseEvaluator(_PointEvaluator):
    """Dense pose in the boxes that the model detects: AP, correspondence, likelihood, calibration.

    The 20 detections with the highest scores count. For correspondence and likelihood each person
    is matched with at most one of them by `match_by_score`. The points of people without a
    detection are wrong for correspondence and are not read for likelihood.

    Args:
        dataset_name: registered with `json_file` in its metadata.
        surface: the surface of the annotations, see `SurfaceSource`.
        output_dir: where to write `densepose_detections.json`, one record a detection with its
            GPS and mask IoU with every labelled person; by default it is not written.
        protocol: how detections are counted, a name in `protocols.PROTOCOLS`.
        kappa_m: the length scale of GPS for the whole body, metres, such as `gps.KAPPA_2018_M`; by
            default one a part.
        global_variance: chart units², see `likelihood.fit_global_variance`.
        recalibration: factors of the predicted covariances, by default none.
        distributed: gather the results of all ranks.

    Raises:
        AnnotationFileError: see `GroundTruth.of_dataset`.
        SurfaceFileError: see `load_surface_distance`.
        ValueError: for an unknown protocol.
    """

    def __init__(
        self,
        dataset_name: str,
        *,
        output_dir: str | os.PathLike | None = None,
        protocol: str = "strict",
        kappa_m: float | None = None,
        **options: Any,
    ):
        if protocol not in PROTOCOLS:
            raise ValueError(f"protocol {protocol!r} is not one of {tuple(PROTOCOLS)}")
        super().__init__(dataset_name, **options)
        self._count, self._kappa_m, self._output_dir = PROTOCOLS[protocol], kappa_m, output_dir

    def _reduce(self, image: AnnotatedImage, instances: Instances) -> Reduction:
        detections = ChartDetections(instances, MAX_DETECTIONS)
        match = match_people(image, detections)
        result = evaluate_image(image, detections, match, self._distance, self._kappa_m)
        match = detections.instances_of(match)
        totals = self._point_totals(image, instances, match, result.correspondence)
        return Reduction(totals, result.scores)

    def _summarise(
        self, images: list[AnnotatedImage], kept: list[Any], totals: PointTotals
    ) -> dict[str, dict]:
        if self._output_dir is not None:
            write_detections(self._output_dir, images, kept)
        return {
            **detection_metrics(images, kept, totals.correspondence, self._count),
            "likelihood": totals.likelihood.results(),
            "calibration": totals.calibration.results(),
        }


class GroundTruthBoxEvaluator(_PointEvaluator):
    """Dense pose in the annotated boxes, from the outputs of a `GroundTruthBoxModel`.

    Args and errors: as `DensePoseEvaluator`, without those of detections.
    """

    def _reduce(self, image: AnnotatedImage, instances: Instances) -> Reduction:
        match = match_by_annotation(image, instances)
        everybody = ChartDetections(instances)
        detection = everybody.detections_of(match)[image.person]
        answers = read_all(image, everybody, self._distance).of_detections(detection)
        correspondence = correspondence_totals(image, answers, self._distance)
        return Reduction(self._point_totals(image, instances, match, correspondence))

    def _summarise(
        self, images: list[AnnotatedImage], kept: list[Any], totals: PointTotals
    ) -> dict[str, dict]:
        return {
            "correspondence_gt_boxes": totals.correspondence.results(),
            "likelihood_gt_boxes": totals.likelihood.results(),
            "calibration_gt_boxes": totals.calibration.results(),
        }


class GlobalVarianceEvaluator(ImageByImageEvaluator):
    """Fits the global variance of likelihood tables to (part of) a training set.

    It takes the outputs of a `GroundTruthBoxModel`. The result is `{"global_variance":
    {"variance_uv": chart units², "num_points": ...}}`, the variance NaN if no point was read. Args
    and errors are those of `ImageByImageEvaluator`.
    """

    _expects_all_images = False
    _no_totals = SquaredErrorTotals

    def _reduce(self, image: AnnotatedImage, instances: Instances) -> Reduction:
        points = points_in_given_boxes(image, instances)
        return Reduction(
            SquaredErrorTotals() if points is None else SquaredErrorTotals.of(points.residual_uv)
        )

    def _summarise(
        self, images: list[AnnotatedImage], kept: list[Any], totals: SquaredErrorTotals
    ) -> dict[str, dict]:
        variance = totals.variance() if totals.num_points else float("nan")
        return {"global_variance": {"variance_uv": variance, "num_points": totals.num_points}}


def load_surface_distance(dataset_name: str, surface: SurfaceSource) -> SurfaceDistance:
    """Distances on the surface of a data set's annotations.

    Args:
        dataset_name: as registered; read only if `surface` is None.
        surface: see `SurfaceSource`.

    Raises:
        SurfaceFileError: the metadata have no `densepose_surface`, or the file is missing or
            malformed, or has no distances.
    """
    if isinstance(surface, SurfaceDistance):
        return surface
    if isinstance(surface, Surface):
        return SurfaceDistance(surface)
    return SurfaceDistance.load(surface or dataset_surface_file(dataset_name))


def dataset_surface_file(dataset_name: str) -> str:
    """The path in a data set's metadata `densepose_surface`.

    Raises:
        SurfaceFileError: there is none.
    """
    path = MetadataCatalog.get(dataset_name).get("densepose_surface")
    if path is None:
        raise SurfaceFileError(
            f"data set '{dataset_name}': its metadata have no 'densepose_surface', the path of the"
            " surface file; set it there or pass `surface`"
        )
    return path
