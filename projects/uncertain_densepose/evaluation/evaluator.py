"""Detectron2's evaluators for dense pose.

Images are reduced one by one to a few numbers a detection and to sums over points; no map is kept.
Percentages and nats are reported, NaN where there is nothing to measure:

- `densepose_gps`, `densepose_gpsm`: AP and AR, see `gps_ap`;
- `correspondence`: share of points within 1 .. 20 cm, see `correspondence`;
- `likelihood`: mean log-density of the annotations, see `likelihood`;
- `correspondence_gt_boxes`, `likelihood_gt_boxes`: the same in the annotated boxes.
"""

from __future__ import annotations

import itertools
import json
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
from detectron2.utils.file_io import PathManager
from detectron2.utils.logger import create_small_table

from ..structures import ChartMaps
from ..surface import Surface
from .detection_scores import DetectionScores, highest_scores, score_detections
from .gps_ap import MAX_DETECTIONS, average_precision
from .ground_truth import AnnotatedImage, GroundTruth
from .likelihood import SquaredErrorTotals
from .matching import UNMATCHED, box_overlap, match_by_score
from .point_totals import PointTotals, point_totals, squared_error_totals
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
            logger.info("Results of %s:\n%s", task, create_small_table(metrics))
        return OrderedDict(results)


class DensePoseEvaluator(_ImageByImageEvaluator):
    """Dense pose in the boxes that the model detects: GPS, GPSm, correspondence, likelihood.

    The 20 detections of the highest score count. For correspondence and likelihood each person is
    matched with at most one of them by `match_by_score`; the points of people without a detection
    are wrong in the one and not read in the other.

    Args:
        dataset_name: registered with `json_file` in its metadata.
        surface: the surface of the annotations, see `SurfaceSource`.
        output_dir: where to write `densepose_detections.json`, one record a detection with its
            GPS and mask IoU with every labelled person. Nothing is written without.
        global_variance: chart units², see `likelihood.fit_global_variance`.
        distributed: gather the results of all ranks.

    Raises:
        AnnotationFileError: see `GroundTruth.of_dataset`.
        SurfaceFileError: the surface file is missing or malformed.
        ValueError: no surface is given, here or in the metadata.
    """

    def __init__(
        self,
        dataset_name: str,
        *,
        surface: SurfaceSource = None,
        output_dir: str | os.PathLike | None = None,
        global_variance: float | None = None,
        distributed: bool = True,
    ):
        super().__init__(dataset_name, distributed=distributed)
        self._distance = surface_distance(dataset_name, surface)
        self._output_dir = output_dir
        self._global_variance = global_variance

    def _reduce(
        self, image: AnnotatedImage, instances: Instances
    ) -> tuple[DetectionScores, PointTotals]:
        instances = highest_scores(instances, MAX_DETECTIONS)
        scores = score_detections(image, instances, self._distance)
        eligible = (scores.category[:, None] == image.category) & ~image.iscrowd
        match = match_by_score(box_overlap(scores.boxes, image.boxes), eligible)
        totals = point_totals(
            image, *_maps_and_boxes(instances), match, self._distance, self._global_variance
        )
        return scores, totals

    def _summarise(self, images: list[AnnotatedImage], kept: list[Any]) -> dict[str, dict]:
        scores = [scores for scores, _ in kept]
        totals = sum((totals for _, totals in kept), PointTotals())
        pairs = list(zip(images, scores, strict=True))
        if self._output_dir is not None:
            _write_detections(self._output_dir, pairs)
        return {
            "densepose_gps": average_precision(images, [s.under_gps(i) for i, s in pairs]),
            "densepose_gpsm": average_precision(images, [s.under_gpsm(i) for i, s in pairs]),
            "correspondence": totals.correspondence.results(),
            "likelihood": totals.likelihood.results(),
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
        distributed: bool = True,
    ):
        super().__init__(dataset_name, distributed=distributed)
        self._distance = surface_distance(dataset_name, surface)
        self._global_variance = global_variance

    def _reduce(self, image: AnnotatedImage, instances: Instances) -> PointTotals:
        match = _match_by_annotation(image, instances)
        return point_totals(
            image, *_maps_and_boxes(instances), match, self._distance, self._global_variance
        )

    def _summarise(self, images: list[AnnotatedImage], kept: list[Any]) -> dict[str, dict]:
        totals = sum(kept, PointTotals())
        return {
            "correspondence_gt_boxes": totals.correspondence.results(),
            "likelihood_gt_boxes": totals.likelihood.results(),
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


def _write_detections(
    output_dir: str | os.PathLike, pairs: list[tuple[AnnotatedImage, DetectionScores]]
) -> None:
    """Write `densepose_detections.json`: where a detector goes wrong, detection by detection."""
    records = []
    for image, scores in pairs:
        people = np.flatnonzero(~image.ignored)
        for row, box in enumerate(scores.boxes.tolist()):
            records.append(
                {
                    "image_id": image.image_id,
                    "category": int(scores.category[row]),
                    "score": float(scores.score[row]),
                    "bbox": box,
                    "annotation_id": image.annotation_id[people].tolist(),
                    "gps": scores.gps[row, people].tolist(),
                    "mask_iou": scores.mask_iou[row, people].tolist(),
                }
            )
    PathManager.mkdirs(os.fspath(output_dir))
    path = os.path.join(os.fspath(output_dir), "densepose_detections.json")
    with PathManager.open(path, "w") as file:
        json.dump(records, file)
