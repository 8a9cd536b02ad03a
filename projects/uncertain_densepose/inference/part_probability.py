"""How likely it is, by the network's segmentation, that a point shows a part."""

from __future__ import annotations

import torch

from ..structures import ChartMaps
from ..structures.geometry import gather_cells, linear_taps, plane_taps


def probability_of_part(maps: ChartMaps, xy_box: torch.Tensor, part: torch.Tensor) -> torch.Tensor:
    """The probability that points show a part: that of a person, times that of the chart on one.

    p = (1 - softmax(coarse scores)[0]) · softmax(fine scores)[part], of the scores interpolated at
    the point, from which `ChartMaps.sample` chooses the part. No other chart has a higher p than
    the one that is chosen. It is what the network says, which may be more than it can keep.

    Args:
        maps: of one box.
        xy_box: (P, 2) position as a fraction of the box; clamped to it.
        part: (P,) int64 charts 1..24.

    Returns:
        (P,) float32, 0..1.
    """
    position = xy_box * maps.side - 0.5
    taps = (linear_taps(position[:, axis], maps.side) for axis in (0, 1))
    cell, weight = plane_taps(*taps, maps.side)
    box = torch.zeros_like(part)
    coarse = gather_cells(maps.coarse_segm, box, cell, weight).float().softmax(dim=1)
    fine = gather_cells(maps.fine_segm, box, cell, weight).float().softmax(dim=1)
    return (1 - coarse[:, 0]) * fine.gather(1, part[:, None])[:, 0]
