"""Each person read in a crop of their own, at the size at which the model was trained.

A photograph shows people of any size, and a small network reads well those of the sizes that it has
seen. The first look, at the whole picture, finds people; the second cuts each one out with a
margin, scales the crop so that the person has the size of those of the training, and reads it
again.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np
import torch
from detectron2.config import CfgNode
from detectron2.modeling import GeneralizedRCNN
from detectron2.structures import Boxes, Instances, pairwise_iou

from ..modeling.equal_batches import equal_batches
from ..structures import ChartMaps
from .network_input import NetworkInput
from .person import Person

CROPS_AT_ONCE = 16
"""Bounds the memory of pictures with many people."""

MIN_OVERLAP = 0.5
"""Intersection over union of the box of a first look and one that is the same person's."""


@dataclass(frozen=True)
class Crop:
    """A part of a picture, and how it is scaled.

    Attributes:
        window: x0, y0, x1, y1, whole pixels of the picture.
        size: height and width to which it is scaled, pixels.
    """

    window: tuple[int, int, int, int]
    size: tuple[int, int]

    @property
    def scale(self) -> np.ndarray:
        """(2,) pixels of the scaled crop for one of the picture, along x and y."""
        x0, y0, x1, y1 = self.window
        return np.array([self.size[1] / (x1 - x0), self.size[0] / (y1 - y0)], np.float32)

    def boxes_inside(self, boxes_xyxy: np.ndarray) -> np.ndarray:
        """Boxes (N, 4) of the picture, in pixels of the scaled crop."""
        return (boxes_xyxy - np.tile(self.window[:2], 2)) * np.tile(self.scale, 2)

    def boxes_outside(self, boxes_xyxy: np.ndarray) -> np.ndarray:
        """Boxes (N, 4) of the scaled crop, in pixels of the picture."""
        return boxes_xyxy / np.tile(self.scale, 2) + np.tile(self.window[:2], 2)


def crop_of(
    box_xyxy: np.ndarray, image_size: tuple[int, int], person_size: float, margin: float
) -> Crop:
    """The crop in which a person is read.

    Args:
        box_xyxy: (4,) edges of the person in pixels, which overlap the picture.
        image_size: height and width of the picture, pixels.
        person_size: of the box's longer side in the scaled crop, pixels.
        margin: to each side of the box, as a share of its longer side.

    Returns:
        The crop, which ends where the picture does.
    """
    longer = float((box_xyxy[2:] - box_xyxy[:2]).max())
    height, width = image_size
    low = np.floor(box_xyxy[:2] - margin * longer)
    high = np.ceil(box_xyxy[2:] + margin * longer)
    x0, y0 = np.clip(low, 0, (width - 1, height - 1)).astype(int).tolist()
    x1, y1 = np.clip(high, (x0 + 1, y0 + 1), (width, height)).astype(int).tolist()
    size = np.maximum(np.rint(person_size / longer * np.array([y1 - y0, x1 - x0])), 1).astype(int)
    return Crop((x0, y0, x1, y1), (int(size[0]), int(size[1])))


def second_look_of(
    cfg: CfgNode, model: GeneralizedRCNN, network_input: NetworkInput
) -> SecondLook | None:
    """What `TEST.SECOND_LOOK` of a config asks for; a config without this key asks for none.

    Args:
        cfg: of the model.
        model, network_input: see :class:`SecondLook`.
    """
    options = cfg.TEST.get("SECOND_LOOK")
    if options is None or options.PERSON_SIZE == 0:
        return None
    return SecondLook(model, network_input, options.PERSON_SIZE, options.MARGIN)


class SecondLook:
    """Reads people of given boxes in crops.

    Args:
        model: in evaluation mode.
        network_input: of the model.
        person_size, margin: of people in crops, see :func:`crop_of`.
    """

    def __init__(
        self,
        model: GeneralizedRCNN,
        network_input: NetworkInput,
        person_size: float,
        margin: float,
    ):
        self.model = model
        self._network_input = network_input
        self._person_size, self._margin = person_size, margin

    def people(self, image: np.ndarray, people: Sequence[Person]) -> list[Person]:
        """People of a first look as the second sees them, with the scores of the first.

        Args:
            image: (H, W, 3) uint8 BGR, in which they were found.
        """
        boxes = np.array([person.box_xyxy for person in people], np.float32).reshape(-1, 4)
        seen = self.find(image, boxes)
        return [
            replace(person, box_xyxy=box, maps=maps)
            for person, (box, maps) in zip(people, seen, strict=True)
        ]

    def read(self, image: np.ndarray, boxes_xyxy: np.ndarray) -> list[ChartMaps]:
        """The maps of given boxes.

        Args:
            image: (H, W, 3) uint8 BGR. boxes_xyxy: (N, 4) pixels, each overlaps the image.

        Returns:
            N maps of length 1, each for its box.
        """
        crops = [self._crop(image, box) for box in boxes_xyxy]
        inputs = [self._input(image, crop) for crop in crops]
        found: list[ChartMaps] = [None] * len(crops)  # type: ignore[list-item]
        for batch in self._batches(inputs):
            known = [_known_box(crops[k], boxes_xyxy[k]).to(self.model.device) for k in batch]
            outputs = self.model.inference([inputs[k] for k in batch], known, do_postprocess=False)
            for k, output in zip(batch, outputs, strict=True):
                found[k] = output.pred_densepose
        return found

    def find(self, image: np.ndarray, boxes_xyxy: np.ndarray) -> list[tuple[np.ndarray, ChartMaps]]:
        """The people of boxes of a first look, found again in their crops.

        Args:
            image, boxes_xyxy: as for `read`.

        Returns:
            For each box, that of the detection in its crop which overlaps it most, (4,) pixels, and
            its maps. Where none overlaps it by half, the box itself and its maps in the crop.
        """
        crops = [self._crop(image, box) for box in boxes_xyxy]
        inputs = [self._input(image, crop) for crop in crops]
        found: dict[int, tuple[np.ndarray, ChartMaps]] = {}
        for batch in self._batches(inputs):
            outputs = self.model.inference([inputs[k] for k in batch], do_postprocess=False)
            for k, output in zip(batch, outputs, strict=True):
                inside = Boxes(torch.from_numpy(crops[k].boxes_inside(boxes_xyxy[k : k + 1])))
                overlap = pairwise_iou(inside.to(self.model.device), output.pred_boxes)[0]
                if len(overlap) and float(overlap.max()) >= MIN_OVERLAP:
                    best = output[int(overlap.argmax())]
                    box = crops[k].boxes_outside(best.pred_boxes.tensor.cpu().numpy())[0]
                    found[k] = box.astype(np.float32), best.pred_densepose
        lost = [k for k in range(len(crops)) if k not in found]
        for k, maps in zip(lost, self.read(image, boxes_xyxy[lost]), strict=True):
            found[k] = boxes_xyxy[k], maps
        return [found[k] for k in range(len(crops))]

    def _crop(self, image: np.ndarray, box_xyxy: np.ndarray) -> Crop:
        return crop_of(box_xyxy, image.shape[:2], self._person_size, self._margin)

    def _input(self, image: np.ndarray, crop: Crop) -> dict:
        x0, y0, x1, y1 = crop.window
        return self._network_input.scaled(image[y0:y1, x0:x1], crop.size)

    def _batches(self, inputs: Sequence[dict]) -> Iterator[list[int]]:
        for batch in equal_batches(self.model, inputs):
            for start in range(0, len(batch), CROPS_AT_ONCE):
                yield batch[start : start + CROPS_AT_ONCE]


def _known_box(crop: Crop, box_xyxy: np.ndarray) -> Instances:
    """A box of the picture as a detection of score 1 in the scaled crop."""
    known = Instances(crop.size)
    known.pred_boxes = Boxes(torch.from_numpy(crop.boxes_inside(box_xyxy[None])).float())
    known.pred_classes = torch.zeros(1, dtype=torch.int64)
    known.scores = torch.ones(1)
    return known
