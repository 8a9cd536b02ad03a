"""Detectron2's evaluators for dense pose.

Images are reduced one by one to a few numbers a detection, which AP has to sort, and to sums over
points, whose size does not depend on how many there are; no map is kept. Percentages and nats are
reported, NaN where there is nothing to measure:

- `densepose_gps`, `densepose_gpsm`, `densepose_segm`: AP and AR, see `gps_ap` and `protocols`;
- `correspondence`: share of points within 1 .. 20 cm and AUC, see `correspondence`;
- `likelihood`: mean log-density of the annotations, see `likelihood`;
- `calibration`: predicted against observed errors, see `calibration`;
- `correspondence_gt_boxes`, `likelihood_gt_boxes`, `calibration_gt_boxes`: the same in the
  annotated boxes.
"""

from __future__ import annotations

import os
from typing import Any

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
from .image_by_image import ImageByImageEvaluator, Reduction, maps_and_boxes, match_by_annotation
from .points.correspondence import correspondence_totals
from .points.likelihood import SquaredErrorTotals
from .points.point_answers import read_matched
from .points.point_totals import PointTotals, point_totals, squared_error_totals
from .points.surface_distance import SurfaceDistance
from .recalibration import Recalibration

SurfaceSource = SurfaceDistance | Surface | str | os.PathLike | None
"""A surface with its tables (which evaluators can share), a surface, its file, or None for the file
that the data set's metadata name as `densepose_surface`."""


class DensePoseEvaluator(ImageByImageEvaluator):
    """Dense pose in the boxes that the model detects: AP, correspondence, likelihood, calibration.

    The 20 detections of the highest score count. For correspondence and likelihood each person is
    matched with at most one of them by `match_by_score`; the points of people without a detection
    are wrong in the one and not read in the other.

    Args:
        dataset_name: registered with `json_file` in its metadata.
        surface: the surface of the annotations, see `SurfaceSource`.
        output_dir: where to write `densepose_detections.json`, one record a detection with its
            GPS and mask IoU with every labelled person. Nothing is written without.
        protocol: how detections are counted, a name in `protocols.PROTOCOLS`.
        kappa_m: the length scale of GPS for the whole body, metres, such as `gps.KAPPA_2018_M`; by
            default one a part.
        global_variance: chart units², see `likelihood.fit_global_variance`.
        recalibration: factors of the predicted covariances, by default none.
        distributed: gather the results of all ranks.

    Raises:
        AnnotationFileError: see `GroundTruth.of_dataset`.
        SurfaceFileError: the surface file is missing or malformed.
        SurfaceFileError: no surface is given, here or in the metadata.
        ValueError: for an unknown protocol.
    """

    _no_totals = PointTotals

    def __init__(
        self,
        dataset_name: str,
        *,
        surface: SurfaceSource = None,
        output_dir: str | os.PathLike | None = None,
        protocol: str = "strict",
        kappa_m: float | None = None,
        global_variance: float | None = None,
        recalibration: Recalibration | None = None,
        distributed: bool = True,
    ):
        super().__init__(dataset_name, distributed=distributed)
        if protocol not in PROTOCOLS:
            raise ValueError(f"protocol {protocol!r} is not one of {tuple(PROTOCOLS)}")
        self._count, self._kappa_m = PROTOCOLS[protocol], kappa_m
        self._distance = load_surface_distance(dataset_name, surface)
        self._output_dir = output_dir
        rescale = None if recalibration is None else recalibration.apply
        self._point_options = (self._distance, global_variance, rescale)

    def _reduce(self, image: AnnotatedImage, instances: Instances) -> Reduction:
        detections = ChartDetections(instances, MAX_DETECTIONS)
        match = match_people(image, detections)
        result = evaluate_image(image, detections, match, self._distance, self._kappa_m)
        maps, boxes_xyxy = maps_and_boxes(instances)
        totals = point_totals(
            image,
            maps,
            boxes_xyxy,
            detections.instances_of(match),
            result.correspondence,
            *self._point_options,
        )
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


class GroundTruthBoxEvaluator(ImageByImageEvaluator):
    """Dense pose in the annotated boxes, from the outputs of a `GroundTruthBoxModel`.

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
        rescale = None if recalibration is None else recalibration.apply
        self._point_options = (self._distance, global_variance, rescale)

    def _reduce(self, image: AnnotatedImage, instances: Instances) -> Reduction:
        match = match_by_annotation(image, instances)
        everybody = ChartDetections(instances)
        detection = everybody.detections_of(match)[image.person]
        answers = read_matched(image, everybody, detection, self._distance)
        maps, boxes_xyxy = maps_and_boxes(instances)
        totals = point_totals(
            image,
            maps,
            boxes_xyxy,
            match,
            correspondence_totals(image, answers, self._distance),
            *self._point_options,
        )
        return Reduction(totals)

    def _summarise(
        self, images: list[AnnotatedImage], kept: list[Any], totals: PointTotals
    ) -> dict[str, dict]:
        return {
            "correspondence_gt_boxes": totals.correspondence.results(),
            "likelihood_gt_boxes": totals.likelihood.results(),
            "calibration_gt_boxes": totals.calibration.results(),
        }


class GlobalVarianceEvaluator(ImageByImageEvaluator):
    """Fits the global variance that likelihood tables compare with, on (part of) a training set.

    It takes the outputs of a `GroundTruthBoxModel` and needs no surface. The result is
    `{"global_variance": {"variance_uv": chart units², "num_points": ...}}`, the variance NaN if no
    point was read.

    Args and errors: as `DensePoseEvaluator`.
    """

    _expects_all_images = False
    _no_totals = SquaredErrorTotals

    def _reduce(self, image: AnnotatedImage, instances: Instances) -> Reduction:
        match = match_by_annotation(image, instances)
        return Reduction(squared_error_totals(image, *maps_and_boxes(instances), match))

    def _summarise(
        self, images: list[AnnotatedImage], kept: list[Any], totals: SquaredErrorTotals
    ) -> dict[str, dict]:
        variance = totals.variance() if totals.num_points else float("nan")
        return {"global_variance": {"variance_uv": variance, "num_points": totals.num_points}}


def load_surface_distance(dataset_name: str, surface: SurfaceSource) -> SurfaceDistance:
    """Distances on the surface that `surface` stands for.

    Raises:
        SurfaceFileError: `surface` is None and the metadata have no `densepose_surface`, or its
            file cannot be used.
    """
    if isinstance(surface, SurfaceDistance):
        return surface
    if isinstance(surface, Surface):
        return SurfaceDistance(surface)
    return SurfaceDistance.load(surface or dataset_surface_file(dataset_name))


def dataset_surface_file(dataset_name: str) -> str:
    """The surface that a data set's metadata name.

    Raises:
        SurfaceFileError: they name none.
    """
    path = MetadataCatalog.get(dataset_name).get("densepose_surface")
    if path is None:
        raise SurfaceFileError(
            f"data set '{dataset_name}': no 'densepose_surface' in its metadata, the path of the"
            " surface file; set it there or pass `surface`"
        )
    return path
