"""The base of our evaluators, which reduce images one by one as Detectron2 passes them on."""

from __future__ import annotations

import itertools
import logging
from collections import OrderedDict
from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
import torch
from detectron2.evaluation import DatasetEvaluator
from detectron2.structures import Instances
from detectron2.utils import comm

from .files import metrics_table
from .ground_truth import AnnotatedImage, GroundTruth
from .points.matching import UNMATCHED
from .points.points_in_chart import PointsInChart

# A child of Detectron2's logger, which every train script of Detectron2's sets up.
logger = logging.getLogger(f"detectron2.{__name__}")


class Reduction(NamedTuple):
    """What is kept of an image; it must be small, and picklable.

    Attributes:
        totals: added to those of other images; an empty tuple if nothing is added up.
        kept: stored for this image alone.
    """

    totals: Any = ()
    kept: Any = None


class ImageByImageEvaluator(DatasetEvaluator):
    """Reduces every image with `_reduce` and summarises the reductions with `_summarise`.

    Args:
        dataset_name: registered with `json_file` in its metadata.
        distributed: gather the reductions of all ranks in the main process; the others return {}.

    Attributes:
        totals: of the images of all ranks, after `evaluate` in the main process.

    Raises:
        AnnotationFileError: see `GroundTruth.of_dataset`.
    """

    # Whether an image that was not predicted is worth a warning.
    _expects_all_images = True
    # The totals of no image.
    _no_totals: Callable[[], Any] = tuple

    def __init__(self, dataset_name: str, *, distributed: bool = True):
        self.ground_truth = GroundTruth.of_dataset(dataset_name)
        self._distributed = distributed
        self.reset()

    def _reduce(self, image: AnnotatedImage, instances: Instances) -> Reduction:
        """What is kept of an image."""
        raise NotImplementedError

    def _summarise(
        self, images: list[AnnotatedImage], kept: list[Any], totals: Any
    ) -> dict[str, dict]:
        """{task: {metric: value}} from the images, what was kept of each, and the totals of all."""
        raise NotImplementedError

    def reset(self) -> None:
        """Forget all images."""
        self._kept: dict[int, Any] = {}
        self._own_totals = self.totals = self._no_totals()

    def process(self, inputs: list[dict], outputs: list[dict]) -> None:
        """Reduce a batch.

        Args:
            inputs: dicts with `image_id`.
            outputs: dicts with `instances`, in pixels of the original image.

        Raises:
            AnnotationFileError: an image is not in the annotation file.
            ValueError: an image comes twice, or there are boxes without `pred_densepose`.
        """
        for record, output in zip(inputs, outputs, strict=True):
            image = self.ground_truth[record["image_id"]]
            instances = output["instances"]
            if image.image_id in self._kept:
                raise ValueError(
                    f"image {image.image_id!r} was predicted twice; call reset() between runs"
                )
            if len(instances) and not instances.has("pred_densepose"):
                raise ValueError(
                    f"image {image.image_id!r}: the model predicts boxes without 'pred_densepose';"
                    " is MODEL.DENSEPOSE_ON set?"
                )
            with torch.no_grad():
                reduction = self._reduce(image, instances)
            self._kept[image.image_id] = reduction.kept
            self._own_totals = self._own_totals + reduction.totals

    def evaluate(self) -> OrderedDict[str, dict]:
        """{task: {metric: value}} over all images that were predicted; {} outside the main process.

        Raises:
            ValueError: two ranks predicted the same image.
        """
        gathered = [(self._kept, self._own_totals)]
        if self._distributed:
            comm.synchronize()
            gathered = comm.gather(gathered[0], dst=0)
            if not comm.is_main_process():
                return OrderedDict()
        kept = dict(itertools.chain.from_iterable(part.items() for part, _ in gathered))
        if len(kept) < sum(len(part) for part, _ in gathered):
            raise ValueError("the same image was predicted by more than one process")
        if self._expects_all_images and len(kept) < len(self.ground_truth):
            logger.warning(
                "Only %d of the %d images of %s were predicted; the results are of these images.",
                len(kept),
                len(self.ground_truth),
                self.ground_truth.json_file,
            )
        self.totals = sum((totals for _, totals in gathered), self._no_totals())
        images = [self.ground_truth[image_id] for image_id in sorted(kept)]
        results = self._summarise(images, [kept[image.image_id] for image in images], self.totals)
        for task, metrics in results.items():
            logger.info("Results of %s:\n%s", task, metrics_table(metrics))
        return OrderedDict(results)


def match_by_annotation(image: AnnotatedImage, instances: Instances) -> np.ndarray:
    """(G,) int64, the instance with the annotation id of each labelled person, or `UNMATCHED`.

    People with the same id, as some have in COCO's minival lists, keep the order of their boxes.

    Raises:
        ValueError: the instances have no field `annotation_id`.
    """
    match = np.full(image.num_people, UNMATCHED, dtype=np.int64)
    if len(instances) == 0:
        return match
    if not instances.has("annotation_id"):
        raise ValueError(
            f"image {image.image_id!r}: the outputs have no 'annotation_id'; run the model through"
            " GroundTruthBoxModel"
        )
    for instance, annotation_id in enumerate(instances.annotation_id.tolist()):
        without = ~image.ignored & (match == UNMATCHED)
        person = np.flatnonzero(without & (image.annotation_id == annotation_id))[:1]
        match[person] = instance
    return match


def points_in_given_boxes(image: AnnotatedImage, instances: Instances) -> PointsInChart | None:
    """The annotated points, read in the outputs of a `GroundTruthBoxModel`; None without any.

    Raises:
        ValueError: as `match_by_annotation`.
    """
    return PointsInChart.of(image, instances, match_by_annotation(image, instances))
