"""The probability, by the network's segmentation, that a point shows a part."""

from __future__ import annotations

import torch

from ..structures import ChartMaps
from ..structures.bilinear import Corners, interpolate
from .window_reading import channels_last


def probability_at(maps: ChartMaps, corners: Corners, part: torch.Tensor) -> torch.Tensor:
    """The probability that a point shows a part: P(person) times P(part | person).

    p = (1 - softmax(coarse scores)[0]) · softmax(fine scores)[part], with the scores interpolated
    at the point. The part that `ChartMaps.sample` chooses has the highest p. The probabilities are
    the network's own and may be overconfident.

    Args:
        maps: of one box.
        corners: cells and weights of P points.
        part: (P,) int64 charts 1..24.

    Returns:
        (P,) float32 in 0..1.
    """

    def read(scores: torch.Tensor) -> torch.Tensor:
        cells = channels_last(scores[0])
        return interpolate(corners, lambda cell: cells.index_select(0, cell)).float()

    coarse, fine = (read(scores).softmax(dim=1) for scores in (maps.coarse_segm, maps.fine_segm))
    return (1 - coarse[:, 0]) * fine.gather(1, part[:, None])[:, 0]
