"""Choosing the pixels that get a label, as the annotators of DensePose-COCO were shown them."""

from __future__ import annotations

import warnings

import numpy as np
from scipy.cluster.vq import kmeans2

MAX_POINTS_PER_PART = 14
_TARGET_POINTS = 110
_FEWEST_PIXELS = 6
_MAX_KMEANS_PIXELS = 400
_ITERATIONS = 4


def choose_points(
    part: np.ndarray, eligible: np.ndarray, rng: np.random.Generator
) -> tuple[np.ndarray, np.ndarray]:
    """Roughly equidistant pixels on each visible part of one person.

    Each part gets points in proportion to its area, about `_TARGET_POINTS` in all, at least one and
    at most `MAX_POINTS_PER_PART` or half its pixels: centres of k-means over its pixels, each moved
    to the nearest pixel (Guler, Neverova, Kokkinos, "DensePose", CVPR 2018, section 2). Parts of
    fewer than `_FEWEST_PIXELS` pixels are left out.

    Args:
        part: (H, W) fine part of each of the person's visible pixels, 0 elsewhere.
        eligible: (H, W) boolean, pixels that may be chosen.
        rng: for the initial centres.

    Returns:
        rows and columns of the chosen pixels, (P,) int64 each, ordered by part.
    """
    where = np.flatnonzero(eligible & (part > 0))
    where = where[np.argsort(part.ravel()[where], kind="stable")]
    sizes = np.bincount(part.ravel()[where])
    total, width = max(len(where), 1), part.shape[1]
    chosen = [np.zeros(0, np.int64)]
    for pixels in np.split(where, np.cumsum(sizes)[:-1]):
        if len(pixels) < _FEWEST_PIXELS:
            continue
        count = round(_TARGET_POINTS * len(pixels) / total)
        count = int(np.clip(count, 1, min(MAX_POINTS_PER_PART, len(pixels) // 2)))
        chosen.append(np.unique(pixels[_spread(pixels, width, count, rng)]))
    return np.divmod(np.concatenate(chosen), width)


def _spread(pixels: np.ndarray, width: int, count: int, rng: np.random.Generator) -> np.ndarray:
    """(count,) positions in ``pixels`` (repeats possible): the ones nearest to k-means centres."""
    points = np.stack(np.divmod(pixels, width), axis=1).astype(np.float64)
    few = points
    if len(points) > _MAX_KMEANS_PIXELS:
        few = points[rng.choice(len(points), _MAX_KMEANS_PIXELS, replace=False)]
    with warnings.catch_warnings():
        # An emptied cluster keeps its last centre; snapping makes a valid, if repeated, point.
        warnings.filterwarnings("ignore", message="One of the clusters is empty")
        centres, _ = kmeans2(few, count, iter=_ITERATIONS, minit="points", rng=rng)
    squared = (centres**2).sum(1)[:, None] - 2 * centres @ points.T + (points**2).sum(1)[None]
    return squared.argmin(axis=1)
