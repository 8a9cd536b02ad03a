"""Test-time augmentation: dense pose averaged, as distributions, over views of an image."""

from __future__ import annotations

import copy
from collections.abc import Callable, Sequence

import numpy as np
import torch
from detectron2.config import CfgNode, configurable
from detectron2.data.transforms import HFlipTransform, RotationTransform, TransformList
from detectron2.modeling import DatasetMapperTTA, GeneralizedRCNNWithTTA
from detectron2.modeling.postprocessing import detector_postprocess
from detectron2.structures import Boxes, Instances
from torch import nn

from ..config import ConfigError
from ..structures.affine import affine_map, inverse_affine, keeps_boxes, transform_boxes
from ..structures.chart_averaging import ChartAverage
from ..structures.chart_mirror import ChartMirror
from ..structures.chart_transforms import resample_maps, restore_chart_maps
from .equal_batches import equal_batches


class DensePoseDatasetMapperTTA(DatasetMapperTTA):
    """Detectron2's sizes and flip, and rotations of every size.

    Called with a dict of an image, it returns `len(min_sizes) * (1 + flip + len(rotation_angles))`
    dicts of augmented images with their `transforms`, at each size the plain image first.
    """

    @configurable
    def __init__(
        self,
        min_sizes: Sequence[int],
        max_size: int,
        flip: bool,
        rotation_angles: Sequence[float] = (),
    ):
        """
        Args:
            min_sizes: lengths in pixels to which the shorter edge is resized.
            max_size: upper bound of the longer edge, pixels.
            flip: whether to add the mirrored image.
            rotation_angles: degrees, counter-clockwise; the image grows, so that none is lost.
        """
        super().__init__(min_sizes=min_sizes, max_size=max_size, flip=flip)
        # A full turn would be the plain image once more, which then counts twice.
        self.rotation_angles = [angle for angle in rotation_angles if angle % 360]

    @classmethod
    def from_config(cls, cfg):
        return super().from_config(cfg) | {"rotation_angles": cfg.TEST.AUG.ROTATION_ANGLES}

    def __call__(self, dataset_dict: dict) -> list[dict]:
        """See `DatasetMapperTTA.__call__`."""
        augmented = []
        for view in super().__call__(dataset_dict):
            augmented.append(view)
            if not any(isinstance(t, HFlipTransform) for t in view["transforms"].transforms):
                augmented += [_rotated(view, angle) for angle in self.rotation_angles]
        return augmented


def _rotated(view: dict, angle: float) -> dict:
    image = np.ascontiguousarray(view["image"].permute(1, 2, 0).numpy())
    rotation = RotationTransform(*image.shape[:2], angle, expand=True)
    pixels = rotation.apply_image(image).transpose(2, 0, 1)
    rotated = copy.copy(view)
    rotated["image"] = torch.from_numpy(np.ascontiguousarray(pixels))
    rotated["transforms"] = TransformList([*view["transforms"].transforms, rotation])
    return rotated


class DensePoseRCNNWithTTA(GeneralizedRCNNWithTTA):
    """A `GeneralizedRCNN` with dense pose whose predictions are averaged over augmented images.

    People are detected in the upright ones of the augmented images and their boxes merged, as
    Detectron2 does. Dense pose (and masks, if the model has them) is then predicted in the merged
    boxes in every augmented image, brought back to the original, and averaged: `pred_densepose` is
    the moment-matched mixture of `structures.chart_averaging`, so that what the views disagree
    about counts as uncertainty.

    Called as the model; its output is in pixels of the original image.
    """

    def __init__(
        self,
        cfg: CfgNode,
        model: nn.Module,
        chart_mirror: ChartMirror | None,
        tta_mapper: Callable[[dict], list[dict]] | None = None,
        batch_size: int = 3,
    ):
        """
        Args:
            cfg: of the model; `TEST.AUG` says which augmentations there are.
            model: a `GeneralizedRCNN` with dense pose.
            chart_mirror: of the charts that the model predicts; None, if no augmentation mirrors.
            tta_mapper: a dict of an image to its augmented versions with affine `transforms`; by
                default :class:`DensePoseDatasetMapperTTA`.
            batch_size: augmented images that go through the model together.

        Raises:
            ConfigError: the model has no dense pose.
        """
        if not cfg.MODEL.DENSEPOSE_ON:
            raise ConfigError(
                "MODEL.DENSEPOSE_ON is False, so there is nothing to average; use "
                "Detectron2's GeneralizedRCNNWithTTA, or set TEST.AUG.ENABLED to False"
            )
        super().__init__(cfg, model, tta_mapper or DensePoseDatasetMapperTTA(cfg), batch_size)
        self.chart_mirror = chart_mirror

    def _inference_one_image(self, input: dict) -> dict:
        size = input["height"], input["width"]
        views, affines = self._get_augmented_inputs(input)
        with self._turn_off_roi_heads(["mask_on", "keypoint_on", "densepose_on"]):
            detections = self._get_augmented_boxes(views, affines)
        merged = self._merge_detections(*detections, size)
        merged = merged[merged.pred_boxes.nonempty()]
        self._predict_in_boxes(merged, views, affines)
        return {"instances": detector_postprocess(merged, *size)}

    def _get_augmented_inputs(self, input: dict) -> tuple[list[dict], list[torch.Tensor]]:
        """Augmented images, and the maps (2, 3) of the original's pixels to theirs."""
        views, transforms = super()._get_augmented_inputs(input)
        return views, [affine_map(t, input["height"], input["width"]) for t in transforms]

    def _get_augmented_boxes(self, augmented_inputs, affines):
        """Boxes (M, 4) of upright views in pixels of the original, scores (M,) and classes (M,).

        Rotated views are left out: the hull of a box that is turned back is larger than the
        person, and merging it with the others costs more than it finds.
        """
        upright = [k for k, affine in enumerate(affines) if keeps_boxes(affine)]
        outputs = self._batch_inference([augmented_inputs[k] for k in upright])
        boxes = [
            transform_boxes(output.pred_boxes.tensor, inverse_affine(affines[k]))
            for k, output in zip(upright, outputs, strict=True)
        ]
        scores = [output.scores for output in outputs]
        classes = [output.pred_classes for output in outputs]
        return torch.cat(boxes), torch.cat(scores), torch.cat(classes)

    def _batch_inference(
        self, batched_inputs: list[dict], detected_instances: list[Instances] | None = None
    ) -> list[Instances]:
        """The model's answers to views, in their order, in batches of equal padded size."""
        outputs: list[Instances] = [Instances((0, 0))] * len(batched_inputs)
        for equal in equal_batches(self.model, batched_inputs):
            for start in range(0, len(equal), self.batch_size):
                batch = equal[start : start + self.batch_size]
                found = self.model.inference(
                    [batched_inputs[k] for k in batch],
                    None if detected_instances is None else [detected_instances[k] for k in batch],
                    do_postprocess=False,
                )
                for k, output in zip(batch, found, strict=True):
                    outputs[k] = output
        return outputs

    def _rescale_detected_boxes(self, augmented_inputs, merged_instances, affines):
        """The merged people in every view; a rotated box becomes its hull."""
        return [
            Instances(
                view["image"].shape[-2:],
                pred_boxes=Boxes(transform_boxes(merged_instances.pred_boxes.tensor, affine)),
                pred_classes=merged_instances.pred_classes,
                scores=merged_instances.scores,
            )
            for view, affine in zip(augmented_inputs, affines, strict=True)
        ]

    def _predict_in_boxes(
        self, merged: Instances, views: list[dict], affines: list[torch.Tensor]
    ) -> None:
        """Add `pred_densepose`, and `pred_masks` of a model with masks, to the merged people."""
        boxes = merged.pred_boxes.tensor
        given = self._rescale_detected_boxes(views, merged, affines)
        charts, masks = ChartAverage(), []
        # Maps are large: those of one batch at a time, instead of all views together.
        for start in range(0, len(views), self.batch_size):
            batch = slice(start, start + self.batch_size)
            outputs = self._batch_inference(views[batch], given[batch])
            for output, known, affine in zip(outputs, given[batch], affines[batch], strict=True):
                frame = known.pred_boxes.tensor, boxes, affine
                charts.add(restore_chart_maps(output.pred_densepose, *frame, self.chart_mirror))
                if output.has("pred_masks"):
                    masks.append(resample_maps(output.pred_masks, *frame))
        merged.pred_densepose = charts.result()
        if masks:
            merged.pred_masks = torch.stack(masks).mean(dim=0)
