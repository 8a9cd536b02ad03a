"""Reads the maps of one box at all pixels of a window.

Equal to `ChartMaps.sample` up to rounding, and many times faster on a grid of pixels. Bilinear
interpolation averages four cells, and a channel that is highest in all four is highest between them
too. So scores are interpolated at few pixels, and coordinates and variances only in the one channel
of the part, on foreground pixels.

Shapes: C channels, S x S cells; h rows and w columns of pixels; P points.
"""

from __future__ import annotations

import torch

from ..structures import ChartMaps, PointPredictions
from ..structures.bilinear import AxisTaps, Corners, axis_taps, corners_of, interpolate


def grid_corners(
    taps_x: AxisTaps, taps_y: AxisTaps, row: torch.Tensor, column: torch.Tensor, side: int
) -> Corners:
    """:func:`corners_of` the pixels at rows and columns (P,) of a grid with taps (w,) and (h,)."""
    at_x, at_y = (
        tuple((cell.index_select(0, index), weight.index_select(0, index)) for cell, weight in taps)
        for taps, index in ((taps_x, column), (taps_y, row))
    )
    return corners_of(at_x, at_y, side)


def channels_last(scores: torch.Tensor) -> torch.Tensor:
    """(C, S, S) as (S², C), which makes the channels of a cell contiguous in memory."""
    return scores.flatten(1).T.contiguous()


class HighestChannel:
    """The channel with the highest score at each point.

    Args:
        scores: (C, S, S).
    """

    def __init__(self, scores: torch.Tensor):
        self._at_cells = scores.max(dim=0).indices
        self._cells = channels_last(scores)

    def on_grid(self, taps_x: AxisTaps, taps_y: AxisTaps) -> torch.Tensor:
        """(h, w) int64: the channel that is highest in all cells around a pixel, else -1."""
        agreed = self._at_cells
        for axis, taps in ((1, taps_x), (0, taps_y)):
            one, other = (agreed.index_select(axis, cell) for cell, _ in taps)
            agreed = torch.where(one == other, one, -1)
        return agreed

    def at(self, corners: Corners) -> torch.Tensor:
        """(P,) int64: the highest channel at points, from interpolated scores."""
        scores = interpolate(corners, lambda cell: self._cells.index_select(0, cell))
        return scores.max(dim=1).indices


class WindowReader:
    """Reads the prediction for one box at pixels of a grid.

    Args:
        maps: of one box.
        x_box, y_box: (w,) columns and (h,) rows as fractions of the box, clamped to [0, 1].
    """

    def __init__(self, maps: ChartMaps, x_box: torch.Tensor, y_box: torch.Tensor):
        self._maps = maps
        self._x, self._y = axis_taps(x_box, maps.side), axis_taps(y_box, maps.side)
        self._coarse = HighestChannel(maps.coarse_segm[0])
        self._fine = HighestChannel(maps.fine_segm[0])

    def shown(self, rows: slice) -> tuple[torch.Tensor, PointPredictions]:
        """The prediction at the foreground pixels of some rows.

        Returns:
            Indices (P,) int64, row * w + column in the whole grid, ascending, and the values there,
            as `ChartMaps.sample` returns them. All other pixels are background.
        """
        taps_y = tuple((cell[rows], weight[rows]) for cell, weight in self._y)

        def corners(row: torch.Tensor, column: torch.Tensor) -> Corners:
            return grid_corners(self._x, taps_y, row, column, self._maps.side)

        coarse = self._coarse.on_grid(self._x, taps_y)
        contested = (coarse < 0).nonzero(as_tuple=True)
        coarse[contested] = self._coarse.at(corners(*contested))
        fine = self._fine.on_grid(self._x, taps_y)
        contested = ((coarse > 0) & (fine < 0)).nonzero(as_tuple=True)
        fine[contested] = self._fine.at(corners(*contested))
        row, column = ((coarse > 0) & (fine > 0)).nonzero(as_tuple=True)
        pixel, width = row * fine.shape[1] + column, fine.shape[1]
        part = fine.flatten().index_select(0, pixel)
        return pixel + rows.start * width, self._values(part, corners(row, column))

    def _values(self, part: torch.Tensor, corners: Corners) -> PointPredictions:
        maps = self._maps
        of_part = part * maps.side**2
        corners = [(of_part + cell, weight) for cell, weight in corners]

        def read(channels: torch.Tensor) -> torch.Tensor:
            values = channels.flatten()
            return interpolate(corners, lambda cell: values.index_select(0, cell))

        return PointPredictions(
            part=part,
            mean_uv=torch.stack([read(maps.u[0]), read(maps.v[0])], dim=-1),
            variance=None if maps.variance is None else read(maps.variance[0]),
            direction=None
            if maps.direction is None
            else torch.stack([read(along) for along in maps.direction[0]], dim=-1),
            shared_covariance=None
            if maps.shared_covariance is None
            else maps.shared_covariance[0].index_select(0, part),
        )
