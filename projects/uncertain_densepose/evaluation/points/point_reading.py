"""A model's predictions at points of the image, read from the maps of its boxes."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import torch

from ...structures import ChartMaps, PointPredictions, image_to_box_xy
from ...structures.geometry import inside_box

_EDGE_TOLERANCE = 1e-4
"""Fraction of the box by which a point may lie outside it: a box that was scaled to the network's
input and back in float32 must still contain the annotations on its edge."""


def read_predictions(
    maps: ChartMaps,
    boxes_xyxy: torch.Tensor,
    box: np.ndarray,
    xy: np.ndarray,
    part: np.ndarray | None = None,
) -> tuple[np.ndarray, PointPredictions]:
    """Read each of N points in the maps of one box; only these values leave the maps' device.

    Args:
        maps: of D boxes.
        boxes_xyxy: (D, 4) pixels.
        box: (N,) int64 in 0..D-1.
        xy: (N, 2) pixels.
        part: (N,) the charts 1..24 to read; by default the predicted ones.

    Returns:
        (N,) bool, whether a point lies in its box; and the predictions at the points that do, in
        their order, in float64 on the CPU.
    """
    boxes_xyxy = boxes_xyxy.double()
    device = boxes_xyxy.device
    index = torch.as_tensor(box, device=device)
    xy_box = image_to_box_xy(torch.as_tensor(xy, device=device), boxes_xyxy[index])
    margin = 1 + 2 * _EDGE_TOLERANCE
    inside = inside_box((xy_box + _EDGE_TOLERANCE) / margin)
    chart = None if part is None else torch.as_tensor(part, device=device)[inside]
    points = maps.sample(index[inside], xy_box[inside], part=chart)

    predictions = points.map(lambda values: values.detach().to("cpu", torch.float64))
    return inside.cpu().numpy(), replace(predictions, part=points.part.cpu())
