"""Detectron2's evaluators for dense pose.

Images are reduced one by one to a few numbers a detection and to sums over points; no map is kept.
Percentages and nats are reported, NaN where there is nothing to measure:

- `densepose_gps`, `densepose_gpsm`, `densepose_segm`: AP and AR, see `gps_ap` and `protocols`;
- `correspondence`: share of points within 1 .. 20 cm and AUC, see `correspondence`;
- `likelihood`: mean log-density of the annotations, see `likelihood`;
- `calibration`: predicted against observed errors, see `calibration`;
- `correspondence_gt_boxes`, `likelihood_gt_boxes`, `calibration_gt_boxes`: the same in the
  annotated boxes.
"""

from __future__ import annotations

import itertools
import logging
import os
from collections import OrderedDict
from typing import Any

import numpy as np
import torch
from detectron2.data import MetadataCatalog
from detectron2.evaluation import DatasetEvaluator
from detectron2.structures import Instances
from detectron2.utils import comm

from ..structures import ChartMaps
from ..surface import Surface
from .chart_detections import ChartDetections
from .correspondence import CorrespondenceErrors, correspondence_errors
from .detection_file import write_detections
from .detection_metrics import ImageResult, detection_metrics, evaluate_image, match_people
from .gps_ap import MAX_DETECTIONS
from .ground_truth import AnnotatedImage, GroundTruth
from .likelihood import SquaredErrorTotals
from .matching import UNMATCHED
from .metrics_table import metrics_table
from .point_answers import read_matched
from .point_totals import PointTotals, point_totals, squared_error_totals
from .protocols import PROTOCOLS
from .recalibration import Recalibration
from .surface_distance import SurfaceDistance

logger = logging.getLogger(__name__)

SurfaceSource = SurfaceDistance | Surface | str | os.PathLike | None
"""A surface with its tables (which evaluators can share), a surface, its file, or None for the file
that the data set's metadata name as `densepose_surface`."""


class _ImageByImageEvaluator(DatasetEvaluator):
    """Reduces every image with `_reduce` and summarises what is left with `_summarise`.

    Args:
        dataset_name: registered with `json_file` in its metadata.
        distributed: gather the reductions of all ranks in the main process; the others return {}.

    Raises:
        AnnotationFileError: see `GroundTruth.of_dataset`.
    """

    # Whether an image that was not predicted is worth a warning.
    _expects_all_images = True

    def __init__(self, dataset_name: str, *, distributed: bool = True):
        self.ground_truth = GroundTruth.of_dataset(dataset_name)
        self._distributed = distributed
        self.reset()

    def _reduce(self, image: AnnotatedImage, instances: Instances) -> Any:
        """What is kept of an image; it must be small and fit for pickling."""
        raise NotImplementedError

    def _summarise(self, images: list[AnnotatedImage], kept: list[Any]) -> dict[str, dict]:
        """The results, from the images and what `_reduce` kept of each."""
        raise NotImplementedError

    def reset(self) -> None:
        """Forget all images."""
        self._kept: dict[int, Any] = {}

    def process(self, inputs: list[dict], outputs: list[dict]) -> None:
        """Reduce a batch.

        Args:
            inputs: dicts with `image_id`.
            outputs: dicts with `instances` in pixels of the original image.

        Raises:
            AnnotationFileError: an image is not in the annotation file.
            ValueError: an image comes twice, or the model gives boxes without `pred_densepose`.
        """
        for record, output in zip(inputs, outputs, strict=True):
            image = self.ground_truth[record["image_id"]]
            instances = output["instances"]
            if image.image_id in self._kept:
                raise ValueError(f"image {image.image_id!r} was predicted twice")
            if len(instances) and not instances.has("pred_densepose"):
                raise ValueError(
                    f"image {image.image_id!r}: the model gives boxes without 'pred_densepose';"
                    " is MODEL.DENSEPOSE_ON set?"
                )
            with torch.no_grad():
                self._kept[image.image_id] = self._reduce(image, instances)

    def evaluate(self) -> OrderedDict[str, dict]:
        """The results over all images that were predicted; {} outside the main process.

        Raises:
            ValueError: two ranks predicted the same image.
        """
        gathered = [self._kept]
        if self._distributed:
            comm.synchronize()
            gathered = comm.gather(self._kept, dst=0)
            if not comm.is_main_process():
                return OrderedDict()
        kept = dict(itertools.chain.from_iterable(part.items() for part in gathered))
        if len(kept) < sum(len(part) for part in gathered):
            raise ValueError("the same image was predicted by more than one process")
        if self._expects_all_images and len(kept) < len(self.ground_truth):
            logger.warning(
                "%d of the %d images of %s were predicted; the results are those of these images.",
                len(kept),
                len(self.ground_truth),
                self.ground_truth.json_file,
            )
        images = [self.ground_truth[image_id] for image_id in sorted(kept)]
        results = self._summarise(images, [kept[image.image_id] for image in images])
        for task, metrics in results.items():
            logger.info("Results of %s:\n%s", task, metrics_table(metrics))
        return OrderedDict(results)


class DensePoseEvaluator(_ImageByImageEvaluator):
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
        ValueError: no surface is given, here or in the metadata; or for an unknown protocol.
    """

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
        self._distance = surface_distance(dataset_name, surface)
        self._output_dir = output_dir
        self._point_options = (self._distance, global_variance, recalibration)

    def _reduce(
        self, image: AnnotatedImage, instances: Instances
    ) -> tuple[ImageResult, PointTotals]:
        detections = ChartDetections(instances, MAX_DETECTIONS)
        match = match_people(image, detections)
        result = evaluate_image(image, detections, match, self._distance, self._kappa_m)
        match = detections.instances_of(match)
        totals = point_totals(image, *_maps_and_boxes(instances), match, *self._point_options)
        return result, totals

    def _summarise(self, images: list[AnnotatedImage], kept: list[Any]) -> dict[str, dict]:
        scores = [result.scores for result, _ in kept]
        errors = CorrespondenceErrors.join([result.errors for result, _ in kept])
        totals = sum((totals for _, totals in kept), PointTotals())
        if self._output_dir is not None:
            write_detections(self._output_dir, images, scores)
        return {
            **detection_metrics(images, scores, errors, self._count),
            "likelihood": totals.likelihood.results(),
            "calibration": totals.calibration.results(),
        }


class GroundTruthBoxEvaluator(_ImageByImageEvaluator):
    """Dense pose in the annotated boxes, from the outputs of a `GroundTruthBoxModel`.

    Args and errors: as `DensePoseEvaluator`.
    """

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
        self._distance = surface_distance(dataset_name, surface)
        self._point_options = (self._distance, global_variance, recalibration)

    def _reduce(
        self, image: AnnotatedImage, instances: Instances
    ) -> tuple[CorrespondenceErrors, PointTotals]:
        match = _match_by_annotation(image, instances)
        everybody = ChartDetections(instances)
        detection = everybody.detections_of(match)[image.person]
        answers = read_matched(image, everybody, detection, self._distance)
        errors = correspondence_errors(image, answers, self._distance)
        totals = point_totals(image, *_maps_and_boxes(instances), match, *self._point_options)
        return errors, totals

    def _summarise(self, images: list[AnnotatedImage], kept: list[Any]) -> dict[str, dict]:
        errors = CorrespondenceErrors.join([errors for errors, _ in kept])
        totals = sum((totals for _, totals in kept), PointTotals())
        return {
            "correspondence_gt_boxes": errors.results(),
            "likelihood_gt_boxes": totals.likelihood.results(),
            "calibration_gt_boxes": totals.calibration.results(),
        }


class GlobalVarianceEvaluator(_ImageByImageEvaluator):
    """Fits the global variance that likelihood tables compare with, on (part of) a training set.

    It takes the outputs of a `GroundTruthBoxModel` and needs no surface. The result is
    `{"global_variance": {"variance_uv": chart units², "num_points": ...}}`, the variance NaN if no
    point was read.

    Args and errors: as `DensePoseEvaluator`.
    """

    _expects_all_images = False

    def _reduce(self, image: AnnotatedImage, instances: Instances) -> SquaredErrorTotals:
        match = _match_by_annotation(image, instances)
        return squared_error_totals(image, *_maps_and_boxes(instances), match)

    def _summarise(self, images: list[AnnotatedImage], kept: list[Any]) -> dict[str, dict]:
        totals = sum(kept, SquaredErrorTotals())
        variance = totals.variance() if totals.num_points else float("nan")
        return {"global_variance": {"variance_uv": variance, "num_points": totals.num_points}}


def surface_distance(dataset_name: str, surface: SurfaceSource) -> SurfaceDistance:
    """Distances on the surface that `surface` stands for.

    Raises:
        ValueError: `surface` is None and the metadata have no `densepose_surface`; for a bad file
            `SurfaceFileError`.
    """
    if isinstance(surface, SurfaceDistance):
        return surface
    if isinstance(surface, Surface):
        return SurfaceDistance(surface)
    if surface is None:
        surface = MetadataCatalog.get(dataset_name).get("densepose_surface")
    if surface is None:
        raise ValueError(
            f"data set '{dataset_name}': no 'densepose_surface' in its metadata, the path of the"
            " surface file; set it there or pass `surface`"
        )
    return SurfaceDistance(Surface.load(surface))


def _maps_and_boxes(instances: Instances) -> tuple[ChartMaps | None, torch.Tensor]:
    maps = instances.pred_densepose if len(instances) else None
    return maps, instances.pred_boxes.tensor


def _match_by_annotation(image: AnnotatedImage, instances: Instances) -> np.ndarray:
    """(G,) the instance with each person's annotation id, `UNMATCHED` where it was dropped.

    Raises:
        ValueError: the instances do not say whose boxes they are.
    """
    match = np.full(image.num_people, UNMATCHED, dtype=np.int64)
    if len(instances) == 0:
        return match
    if not instances.has("annotation_id"):
        raise ValueError(
            f"image {image.image_id!r}: the outputs have no 'annotation_id'; run the model through"
            " GroundTruthBoxModel"
        )
    same = image.annotation_id[:, None] == instances.annotation_id.cpu().numpy()
    person, instance = np.nonzero(same)
    match[person] = instance
    return match
