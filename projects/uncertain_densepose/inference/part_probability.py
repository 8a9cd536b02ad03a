"""How likely it is, by the network's segmentation, that a point shows a part."""

from __future__ import annotations

import torch

from ..structures import ChartMaps
from ..structures.bilinear import Corners, interpolate
from .window_reading import channels_last


def probability_at(maps: ChartMaps, corners: Corners, part: torch.Tensor) -> torch.Tensor:
    """The probability that points show a part: that of a person, times that of the chart on one.

    p = (1 - softmax(coarse scores)[0]) · softmax(fine scores)[part], of the scores interpolated at
    the point, from which `ChartMaps.sample` chooses the part. No other chart has a higher p than
    the one that is chosen. It is what the network says, which may be more than it can keep.

    Args:
        maps: of one box.
        corners: the cells and weights of P points.
        part: (P,) int64 charts 1..24.

    Returns:
        (P,) float32, 0..1.
    """

    def read(scores: torch.Tensor) -> torch.Tensor:
        cells = channels_last(scores[0])
        return interpolate(corners, lambda cell: cells.index_select(0, cell)).float()

    coarse, fine = (read(scores).softmax(dim=1) for scores in (maps.coarse_segm, maps.fine_segm))
    return (1 - coarse[:, 0]) * fine.gather(1, part[:, None])[:, 0]
