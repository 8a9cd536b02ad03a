"""The mask of a detection: where its coarse segmentation sees a body."""

from __future__ import annotations

import numpy as np
import torch
from pycocotools import mask as mask_api

from ..structures.geometry import linear_taps


def foreground_mask(
    coarse_segm: torch.Tensor, box_xyxy: torch.Tensor, height: int, width: int
) -> np.ndarray:
    """The detection's foreground in the image.

    A pixel is foreground where its centre lies in the box and the highest coarse score there,
    interpolated as by `ChartMaps.sample`, is not that of the background.

    Args:
        coarse_segm: (C, S, S) scores over the box, channel 0 background.
        box_xyxy: (4,) pixels.
        height, width: of the image, pixels.

    Returns:
        (height, width) bool.
    """
    side = coarse_segm.shape[-1]
    left, top, right, bottom = (float(edge) for edge in box_xyxy)
    columns = _pixels_between(left, right, width)
    rows = _pixels_between(top, bottom, height)
    mask = np.zeros((height, width), dtype=bool)
    if len(columns) == 0 or len(rows) == 0:
        return mask
    x = (columns + 0.5 - left) / (right - left) * side - 0.5
    y = (rows + 0.5 - top) / (bottom - top) * side - 0.5
    (x, weight_x), (y, weight_y) = (
        linear_taps(torch.as_tensor(position, device=coarse_segm.device), side)
        for position in (x, y)
    )
    weight_x, weight_y = weight_x.to(coarse_segm.dtype), weight_y.to(coarse_segm.dtype)
    scores = (coarse_segm[:, y] * weight_y[..., None]).sum(dim=2)
    scores = (scores[:, :, x] * weight_x).sum(dim=3)
    mask[np.ix_(rows, columns)] = (scores[1:].amax(dim=0) > scores[0]).cpu().numpy()
    return mask


def _pixels_between(low: float, high: float, size: int) -> np.ndarray:
    """Indices in 0..size-1 of the pixels whose centres lie in [low, high), high above low."""
    centres = np.arange(size) + 0.5
    return np.flatnonzero((centres >= low) & (centres < high))


def mask_iou(masks: np.ndarray, segmentations: list[dict]) -> np.ndarray:
    """Intersection over union of masks and run-length encodings of the same image.

    Args:
        masks: (D, height, width) bool.
        segmentations: G compressed encodings.

    Returns:
        (D, G) float64.
    """
    if len(masks) == 0 or len(segmentations) == 0:
        return np.zeros((len(masks), len(segmentations)))
    encoded = mask_api.encode(np.asfortranarray(masks.transpose(1, 2, 0).astype(np.uint8)))
    return mask_api.iou(encoded, segmentations, [0] * len(segmentations))
