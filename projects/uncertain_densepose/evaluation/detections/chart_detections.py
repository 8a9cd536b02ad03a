"""Detections with chart maps, as `ImageDetections`."""

from __future__ import annotations

import dataclasses
import math

import numpy as np
import torch
from detectron2.structures import Instances

from ...structures.image_detections import ImageDetections
from ...structures.mask_iou import EMPTY_MASK, WindowMask
from ..points.matching import UNMATCHED
from ..points.point_reading import read_predictions


class ChartDetections(ImageDetections):
    """The `count` instances with the highest scores; ties keep their order.

    Args:
        instances: in pixels of the original image, with `pred_densepose` unless there are none.
        count: how many to keep; by default all.

    Attributes:
        order: (D,) int64, the index of each detection among the instances.
    """

    def __init__(self, instances: Instances, count: int | None = None):
        scores = instances.scores.detach().double().cpu().numpy()
        # The maps are large: they are not sorted but read through this index.
        self.order = np.argsort(-scores, kind="stable")[:count]
        self.score = scores[self.order]
        self.category = instances.pred_classes.cpu().numpy()[self.order]
        self._boxes_xyxy = instances.pred_boxes.tensor.detach()
        self._corners = self._boxes_xyxy.double().cpu().numpy()[self.order]
        self.boxes = self._corners.copy()
        self.boxes[:, 2:] -= self.boxes[:, :2]
        if len(instances):
            # The noise model is not needed here, and reading it would cost more than all else.
            self._maps = dataclasses.replace(
                instances.pred_densepose, variance=None, direction=None, shared_covariance=None
            )

    def instances_of(self, detection: np.ndarray) -> np.ndarray:
        """(N,) int64, the instances of detections (N,) in 0..D-1; `UNMATCHED` stays."""
        return np.where(detection == UNMATCHED, UNMATCHED, np.append(self.order, 0)[detection])

    def detections_of(self, instance: np.ndarray) -> np.ndarray:
        """(N,) int64, the detections of instances (N,), the inverse of `instances_of`."""
        rank = np.argsort(self.order)
        return np.where(instance == UNMATCHED, UNMATCHED, np.append(rank, 0)[instance])

    def read(self, detection: np.ndarray, xy: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """See `ImageDetections.read`; charts are those of the highest interpolated scores."""
        part = np.zeros(len(detection), dtype=np.int64)
        uv = np.zeros((len(detection), 2))
        if len(detection):
            inside, points = read_predictions(
                self._maps, self._boxes_xyxy, self.order[detection], xy
            )
            part[inside], uv[inside] = points.part.numpy(), points.mean_uv.numpy()
        return part, uv

    def mask(self, detection: int, height: int, width: int) -> WindowMask:
        """See `foreground_mask`."""
        coarse_segm = self._maps.coarse_segm[self.order[detection]]
        scores = coarse_segm.detach().to("cpu", torch.float32).numpy()
        return foreground_mask(scores, self._corners[detection], height, width)


def foreground_mask(
    coarse_segm: np.ndarray, box_xyxy: np.ndarray, height: int, width: int
) -> WindowMask:
    """The pixels whose centre lies in the box and whose highest coarse score, interpolated as by
    `ChartMaps.sample`, is not that of the background.

    Args:
        coarse_segm: (C, S, S) float32 scores over the box, channel 0 background.
        box_xyxy: (4,) pixels.
        height, width: of the image, pixels.
    """
    left, top, right, bottom = (float(edge) for edge in box_xyxy)
    columns, rows = _pixels_between(left, right, width), _pixels_between(top, bottom, height)
    if len(columns) == 0 or len(rows) == 0:
        return EMPTY_MASK
    side = coarse_segm.shape[-1]
    # Interpolation is linear, so differences of scores can be interpolated.
    margin = coarse_segm[1:] - coarse_segm[:1]
    margin = _resampled(margin, (rows + 0.5 - top) / (bottom - top) * side - 0.5)
    by_column = np.ascontiguousarray(margin.transpose(0, 2, 1))
    margin = _resampled(by_column, (columns + 0.5 - left) / (right - left) * side - 0.5)
    foreground = margin[0] > 0
    for other in margin[1:]:
        foreground |= other > 0
    return WindowMask(int(columns[0]), int(rows[0]), foreground.T)


def _pixels_between(low: float, high: float, size: int) -> np.ndarray:
    """Indices in 0..size-1 of the pixels whose centres lie in [low, high)."""
    start, stop = (min(max(math.ceil(edge - 0.5), 0), size) for edge in (low, high))
    return np.arange(start, stop)


def _resampled(values: np.ndarray, position: np.ndarray) -> np.ndarray:
    """Linear interpolation along the second axis.

    Args:
        values: (C, S, M).
        position: (N,) along that axis; clamped to 0..S-1.

    Returns:
        (C, N, M).
    """
    last = values.shape[1] - 1
    position = np.clip(position, 0, last)
    low = np.minimum(position.astype(np.int64), max(last - 1, 0))
    step = values[:, 1:] - values[:, :-1] if last else np.zeros_like(values)
    resampled = step.take(low, axis=1)
    resampled *= (position - low).astype(values.dtype)[:, None]
    resampled += values.take(low, axis=1)
    return resampled
