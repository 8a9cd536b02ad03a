"""What becomes of an annotation file: a step of training and an evaluation, or a refusal."""

from __future__ import annotations

import contextlib
import dataclasses
import functools
import io
from collections.abc import Iterator
from pathlib import Path
from unittest import mock

import numpy as np
import torch
from detectron2.config import CfgNode
from detectron2.data import DatasetCatalog, MetadataCatalog
from detectron2.layers import ShapeSpec
from detectron2.modeling import BACKBONE_REGISTRY, Backbone
from detectron2.utils.events import EventStorage
from torch import nn
from torch.nn import functional as F

from tests.model_factory import make_config, make_model
from tests.uncertain_densepose.data.annotation_checks.base_files import BaseFile
from tests.uncertain_densepose.evaluation.runs import nobody, run
from uncertain_densepose.data import annotation_file
from uncertain_densepose.data.annotation_checks import screen
from uncertain_densepose.data.coco_densepose import register_densepose_json
from uncertain_densepose.data.mapper import DensePoseDatasetMapper
from uncertain_densepose.engine.finite_steps import FiniteTrainer
from uncertain_densepose.engine.optimizer import build_optimizer
from uncertain_densepose.engine.train_loader import build_train_loader
from uncertain_densepose.evaluation import (
    DensePoseEvaluator,
    GroundTruth,
    PersonBoxEvaluator,
    image_by_image,
)
from uncertain_densepose.evaluation.ground_truth.test_set_check import check_test_sets
from uncertain_densepose.evaluation.points.surface_distance import SurfaceDistance

NAME = "spoiled_people"
_SMALL = {
    "DATASETS.TRAIN": (NAME,),
    "DATALOADER.NUM_WORKERS": 0,
    "INPUT.RANDOM_FLIP": "none",
    "INPUT.MIN_SIZE_TRAIN": (64,),
    "INPUT.MAX_SIZE_TRAIN": 96,
    "MODEL.ANCHOR_GENERATOR.SIZES": [[32]],
    "MODEL.BACKBONE.NAME": "OneLayerPyramid",
    "MODEL.KEYPOINT_ON": True,
    "MODEL.ROI_DENSEPOSE_HEAD.CONV_HEAD_DIM": 8,
    "MODEL.ROI_DENSEPOSE_HEAD.NUM_STACKED_CONVS": 1,
    "MODEL.ROI_HEADS.BATCH_SIZE_PER_IMAGE": 16,
    "MODEL.ROI_HEADS.IN_FEATURES": ["p3"],
    "MODEL.ROI_KEYPOINT_HEAD.CONV_DIMS": (8,),
    "MODEL.RPN.IN_FEATURES": ["p4"],
    "MODEL.RPN.POST_NMS_TOPK_TRAIN": 20,
    "MODEL.RPN.PRE_NMS_TOPK_TRAIN": 50,
    "SEED": 0,
    "SOLVER.CLIP_GRADIENTS.ENABLED": False,
    "SOLVER.IMS_PER_BATCH": 2,
}
_BY_PART_MASKS = {
    "MODEL.ROI_DENSEPOSE_HEAD.COARSE_SEGM_TRAINED_BY_MASKS": False,
    "MODEL.ROI_DENSEPOSE_HEAD.NUM_COARSE_SEGM_CHANNELS": 15,
}


@BACKBONE_REGISTRY.register()
class OneLayerPyramid(Backbone):
    """One convolution, pooled; all that a small step needs."""

    def __init__(self, cfg: CfgNode, input_shape: ShapeSpec):
        super().__init__()
        self._layer = nn.Conv2d(3, 8, 4, stride=4)

    def forward(self, image: torch.Tensor) -> dict[str, torch.Tensor]:
        features = torch.tanh(self._layer(image))
        return {f"p{level}": F.avg_pool2d(features, 2 ** (level - 2)) for level in range(2, 7)}

    @property
    def size_divisibility(self) -> int:
        return 64

    def output_shape(self) -> dict[str, ShapeSpec]:
        return {f"p{level}": ShapeSpec(channels=8, stride=2**level) for level in range(2, 7)}


class Learner:
    """A small model that makes one step and forgets it.

    Args:
        by_part_masks: whether the coarse segmentation learns from `dp_masks`, rather than from
            `segmentation`.
    """

    def __init__(self, by_part_masks: bool):
        options = _SMALL | (_BY_PART_MASKS if by_part_masks else {})
        self._cfg: CfgNode = make_config(
            "full", *(word for pair in options.items() for word in pair)
        )
        self._model = make_model(self._cfg)
        self._tensors = list(self._model.state_dict().values())
        self._before = [one.clone() for one in self._tensors]

    def step(self) -> dict[str, float]:
        """The losses of an optimiser step on the data set `NAME`."""
        mapper = DensePoseDatasetMapper(self._cfg, is_train=True)
        loader = build_train_loader(self._cfg, mapper=mapper)
        optimizer = build_optimizer(self._cfg, self._model)
        torch.manual_seed(0)
        try:
            with EventStorage() as storage:
                trainer = FiniteTrainer(self._model, loader, optimizer, max_skipped=1)
                trainer.iter = 0
                trainer.run_step()
                losses = {
                    name: value for name, (value, _) in storage.latest().items() if "loss" in name
                }
            assert all(torch.isfinite(one).all() for one in self._tensors)
            pairs = zip(self._tensors, self._before, strict=True)
            assert any(not torch.equal(*pair) for pair in pairs)
            return losses
        finally:
            for tensor, before in zip(self._tensors, self._before, strict=True):
                tensor.copy_(before)


@contextlib.contextmanager
def registered(path: Path, base: BaseFile) -> Iterator[None]:
    """A file as the data set `NAME`, which is read and screened once however often it is asked for:
    that takes a third of the time."""
    register_densepose_json(NAME, path, base.pictures, "", "make it")
    read = functools.lru_cache(annotation_file.read_annotation_file)
    known = functools.lru_cache(lambda: screen(read(path)))
    try:
        with (
            mock.patch.object(annotation_file, "read_annotation_file", read),
            mock.patch.object(annotation_file, "screen", lambda content: known()),
        ):
            yield
    finally:
        DatasetCatalog.pop(NAME)
        MetadataCatalog.pop(NAME)


def evaluate(path: Path, base: BaseFile, distance: SurfaceDistance) -> dict:
    """The metrics of the answers on the data set `NAME`, and what they are measured against."""
    truth = GroundTruth.load(path)
    with (
        mock.patch.object(GroundTruth, "of_dataset", lambda name: truth),
        # A sixth of the time, for a log that nobody reads.
        mock.patch.object(image_by_image, "metrics_table", str),
    ):
        check_test_sets([NAME])
        answers = {image.image_id: base.answers.get(image.image_id, nobody()) for image in truth}
        results = {}
        with contextlib.redirect_stdout(io.StringIO()):
            for evaluator in (
                DensePoseEvaluator(NAME, surface=distance, distributed=False),
                PersonBoxEvaluator(NAME, distributed=False),
            ):
                results |= run(evaluator, answers)
    for metrics in results.values():
        assert not any(np.isinf(value) for value in metrics.values())
    return {"metrics": results, "truth": [_arrays(image) for image in truth]}


def _arrays(image) -> dict:
    arrays = {f.name: getattr(image, f.name) for f in dataclasses.fields(image)}
    arrays["masks"] = [None if mask is None else vars(mask) for mask in image.masks]
    return arrays
