"""How likely it is, by the network's segmentation, that a point shows a part."""

from __future__ import annotations

import torch

from ..structures import ChartMaps
from ..structures.bilinear import Corners, axis_taps, corners_of, interpolate
from .window_reading import channels_last


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
    corners = corners_of(*(axis_taps(along, maps.side) for along in xy_box.T), maps.side)
    return probability_at(maps, corners, part)


def probability_at(maps: ChartMaps, corners: Corners, part: torch.Tensor) -> torch.Tensor:
    """:func:`probability_of_part` at points whose cells and weights are known."""

    def read(scores: torch.Tensor) -> torch.Tensor:
        cells = channels_last(scores[0])
        return interpolate(corners, lambda cell: cells.index_select(0, cell)).float()

    coarse, fine = (read(scores).softmax(dim=1) for scores in (maps.coarse_segm, maps.fine_segm))
    return (1 - coarse[:, 0]) * fine.gather(1, part[:, None])[:, 0]
