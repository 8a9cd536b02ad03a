"""Smoothing over a surface by geodesic distance, which does not leak from an arm to the torso."""

from __future__ import annotations

import numpy as np
from scipy.sparse import csr_matrix
from scipy.spatial import cKDTree

from .surface import Surface

REACH_IN_BANDWIDTHS = 2.0

_SHORTER_THAN_STRAIGHT = 1.05
"""By how much, at most, a tabulated distance is shorter than the straight line: it is approximate
and of half precision."""


def geodesic_kernel(surface: Surface, bandwidth_m: float) -> csr_matrix:
    """w = exp(-g² / 2 h²) between vertices at most 2 h apart, g their geodesic distance.

    Args:
        surface: the body, with K vertices in its geodesic table.
        bandwidth_m: h, metres, above 0.

    Returns:
        (K, K) float64, with 1 on the diagonal.

    Raises:
        SurfaceFileError: the surface has no geodesic distances.
    """
    surface.require_distances()
    reach = REACH_IN_BANDWIDTHS * bandwidth_m
    vertex = surface.geodesic_vertices
    tree = cKDTree(surface.vertices[vertex])
    # What is near along the surface is near in space, and there are few such pairs.
    i, j = tree.query_pairs(_SHORTER_THAN_STRAIGHT * reach, output_type="ndarray").T
    apart = surface.geodesic_distance(vertex[i], vertex[j]).astype(np.float64)
    near = apart <= reach
    i, j, weight = i[near], j[near], np.exp(-0.5 * (apart[near] / bandwidth_m) ** 2)
    every = np.arange(len(vertex))
    place = (np.concatenate([i, j, every]), np.concatenate([j, i, every]))
    values = np.concatenate([weight, weight, np.ones(len(vertex))])
    return csr_matrix((values, place), shape=(len(vertex), len(vertex)))
