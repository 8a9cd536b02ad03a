"""A model that is given the boxes of people, so that only its dense pose is measured."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

import numpy as np
import torch
from detectron2.modeling import GeneralizedRCNN
from detectron2.structures import Boxes, Instances
from torch import nn

from .ground_truth import GroundTruth


class AnnotatedBoxes(NamedTuple):
    """The boxes of N people of an image.

    Attributes:
        annotation_id: (N,) int64.
        boxes_xyxy: (N, 4) pixels of the original image.
    """

    annotation_id: np.ndarray
    boxes_xyxy: np.ndarray


def labelled_boxes(ground_truth: GroundTruth) -> dict[int, AnnotatedBoxes]:
    """The boxes of all people with dense-pose labels, without crowds, by image id."""
    boxes = {}
    for image in ground_truth:
        people = ~image.ignored
        corners = image.boxes[people].copy()
        corners[:, 2:] += corners[:, :2]
        boxes[image.image_id] = AnnotatedBoxes(image.annotation_id[people], corners)
    return boxes


class GroundTruthBoxModel(nn.Module):
    """Predicts dense pose in given boxes instead of detecting people.

    It takes the place of the wrapped model in Detectron2's `inference_on_dataset`. Its outputs also
    have the fields `annotation_id`, `scores` (all 1) and `pred_classes` (all 0).

    Args:
        model: a `GeneralizedRCNN` whose `inference` accepts `detected_instances`.
        boxes: image id to annotation ids (N,) and boxes (N, 4) XYXY pixels; N may be 0.
    """

    def __init__(
        self,
        model: GeneralizedRCNN,
        boxes: Mapping[int, AnnotatedBoxes | tuple[np.ndarray, np.ndarray]],
    ):
        super().__init__()
        self.model = model
        self._boxes = boxes

    @staticmethod
    def for_dataset(model: GeneralizedRCNN, dataset_name: str) -> GroundTruthBoxModel:
        """Wrap a model for a registered data set.

        Raises:
            AnnotationFileError: as `GroundTruth.of_dataset`.
        """
        return GroundTruthBoxModel(model, labelled_boxes(GroundTruth.of_dataset(dataset_name)))

    def forward(self, batched_inputs: list[dict]) -> list[dict]:
        """Inference of `model` in the boxes of each image.

        Args:
            batched_inputs: Detectron2's dicts with `image` (C, H', W'), `image_id` and, unless the
                output is to be in pixels of the input, `height` and `width`.

        Raises:
            ValueError: an image has no entry in `boxes`.
        """
        given = [self._given_boxes(record) for record in batched_inputs]
        return self.model.inference(batched_inputs, detected_instances=given)

    def _given_boxes(self, record: dict) -> Instances:
        """The boxes of an image in pixels of the network's input.

        They are clipped to the image here, because postprocessing clips boxes but not their maps.
        """
        image_id = record["image_id"]
        if image_id not in self._boxes:
            raise ValueError(
                f"image {image_id!r}: no boxes were given; it belongs to another data set"
            )
        annotation_id, corners = self._boxes[image_id]
        input_height, input_width = record["image"].shape[-2:]
        boxes = Boxes(torch.as_tensor(corners, dtype=torch.float64).reshape(-1, 4))
        boxes.scale(
            input_width / record.get("width", input_width),
            input_height / record.get("height", input_height),
        )
        boxes.clip((input_height, input_width))
        return Instances(
            (input_height, input_width),
            pred_boxes=boxes,
            pred_classes=torch.zeros(len(boxes), dtype=torch.int64),
            scores=torch.ones(len(boxes)),
            annotation_id=torch.as_tensor(annotation_id, dtype=torch.int64).reshape(-1),
        )
