"""Batches in which a picture's answer does not depend on the others.

Detectron2 pads the pictures of a batch to the largest. A network sees the padding: beside a tall
picture, boxes of a wide one move by tens of pixels. Pictures of equal padded size leave each other
as they are.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence

from detectron2.modeling import GeneralizedRCNN


def padded_size(model: GeneralizedRCNN, height: int, width: int) -> tuple[int, int]:
    """Height and width to which a model pads a single picture, pixels."""
    backbone = model.backbone
    constraints = getattr(backbone, "padding_constraints", {})
    square = constraints.get("square_size", 0)
    if square > 0:
        height, width = square, square
    step = max(constraints.get("size_divisibility", backbone.size_divisibility), 1)
    return -(-height // step) * step, -(-width // step) * step


def equal_batches(model: GeneralizedRCNN, inputs: Sequence[dict]) -> list[list[int]]:
    """Indices of the inputs, those of equal padded size together.

    Args:
        inputs: of Detectron2's models, with "image" (C, H, W).
    """
    batches: dict[tuple[int, int], list[int]] = defaultdict(list)
    for index, one in enumerate(inputs):
        batches[padded_size(model, *one["image"].shape[-2:])].append(index)
    return list(batches.values())
