"""Where a point of the upsampled maps reads the features, from which the maps are never made.

Along an axis, a point is a mix of two upsampled cells, each of which is a mix of two raw cells, in
all three in a row; these depend on J = k / 2 + 1 cells of the features. Shapes: P points, features
of s x s cells, raw maps of 2s x 2s by transposed convolutions with k x k kernels of stride 2, k
even, upsampled maps of 2s * scale.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import torch

from ..structures.bilinear import linear_taps

STRIDE = 2


def cells_around(position: torch.Tensor, side: int) -> list[tuple[torch.Tensor, torch.Tensor]]:
    """The four cells of a plane that bilinear interpolation reads, and their weights.

    Args:
        position: (P, 2) in the frame of a plane of `side` cells, clamped to it.

    Returns:
        Four pairs: position (P, 2) of a cell and weight (P,).
    """
    taps_x, taps_y = (linear_taps(along, side) for along in position.T)
    return [
        (torch.stack([x, y], dim=-1).to(position.dtype), below * right)
        for y, below in taps_y
        for x, right in taps_x
    ]


def upsampled_taps(
    position: torch.Tensor, size: int, scale: int
) -> tuple[torch.Tensor, torch.Tensor]:
    """Taps into an axis that equal linear interpolation of its upsampling.

    The upsampling is that of `torch.nn.functional.interpolate`, align_corners=False.

    Args:
        position: (P,) in the frame of the upsampled map, clamped to it.
        size: cells of the axis before the upsampling.
        scale: factor of the upsampling.

    Returns:
        index: (P, 3) int64 cells in a row and weight: (P, 3), which sums to one. The two upsampled
        cells are at most one cell apart, so that three cells hold all four.
    """
    taps = [
        (index, outer * inner)
        for cell, outer in linear_taps(position, size * scale)
        for index, inner in linear_taps((cell.to(position.dtype) + 0.5) / scale - 0.5, size)
    ]
    index, mixed = (torch.stack(values, dim=1) for values in zip(*taps, strict=True))
    first = index[:, :1]
    weight = mixed.new_zeros(len(first), 3).scatter_add(1, index - first, mixed)
    cells = first + torch.arange(3, device=first.device)
    return cells.clamp_max(size - 1), weight


def input_taps(
    index: torch.Tensor, weight: torch.Tensor, size: int, kernel_size: int
) -> tuple[torch.Tensor, torch.Tensor]:
    """A weighted sum of output cells along an axis as one of input cells, a weight a kernel cell.

    Output cell o is the sum of w_k x_i over 2 i - padding + k = o.

    Args:
        index: (P, 3) int64 output cells in a row; a last one that would lie outside may repeat its
            neighbour with weight zero.
        weight: (P, 3).
        size: s. kernel_size: k.

    Returns:
        cell: (P, J) int64 in 0..s-1 and taps: (P, k, J): the sum is that of
        taps[k, j] w_k x_cell[j].
    """
    padding = kernel_size // 2 - 1
    kernel = torch.arange(kernel_size, device=index.device)
    first = torch.div(index[:, :1] + padding - kernel_size + 2, STRIDE, rounding_mode="floor")
    cell = first + torch.arange(kernel_size // 2 + 1, device=index.device)
    output = STRIDE * cell[:, None, :] - padding + kernel[:, None]
    taps = ((output[..., None] == index[:, None, None, :]) * weight[:, None, None, :]).sum(dim=-1)
    inside = (cell >= 0) & (cell < size)
    return cell.clamp(0, size - 1), taps * inside[:, None, :]


@dataclass(frozen=True)
class InputTaps:
    """Where P points of the output are read, in terms of the input.

    Attributes:
        box: (P,) int64 in 0..R-1.
        y, x: (P, J) int64 cells of the input.
        taps_y, taps_x: (P, k, J) their weights, for each row and column of the kernel.
    """

    box: torch.Tensor
    y: torch.Tensor
    x: torch.Tensor
    taps_y: torch.Tensor
    taps_x: torch.Tensor

    @classmethod
    def of_points(
        cls, box: torch.Tensor, position: torch.Tensor, size: int, kernel_size: int, scale: int
    ) -> InputTaps:
        """The taps of points.

        Args:
            box: (P,) int64 in 0..R-1.
            position: (P, 2) x, y in cells of the upsampled maps; clamped to them.
            size: s. kernel_size: k. scale: factor of the upsampling.
        """
        (x, taps_x), (y, taps_y) = (
            input_taps(*upsampled_taps(along, STRIDE * size, scale), size, kernel_size)
            for along in position.T
        )
        return cls(box, y, x, taps_y, taps_x)

    def tensors(self) -> tuple[torch.Tensor, ...]:
        """`box`, `y`, `x`, `taps_y`, `taps_x`."""
        return self.box, self.y, self.x, self.taps_y, self.taps_x

    def chunks(self, points: int) -> Iterator[InputTaps]:
        """Pieces of at most `points` points each; nothing if P = 0."""
        for start in range(0, len(self.box), points):
            yield InputTaps(*(tensor[start : start + points] for tensor in self.tensors()))

    def weights(self, dtype: torch.dtype) -> torch.Tensor:
        """(P, k², J²), both axes together."""
        weights = self.taps_y[:, :, None, :, None] * self.taps_x[:, None, :, None, :]
        return weights.flatten(3).flatten(1, 2).to(dtype)

    def gather(self, features: torch.Tensor) -> torch.Tensor:
        """(P, J², F) the features (R, F, s, s) around each point, float32 at least."""
        box, y, x = self.box[:, None, None], self.y[:, :, None], self.x[:, None, :]
        return at_least_float32(features[box, :, y, x].flatten(1, 2))

    def rows(self, size: int) -> torch.Tensor:
        """(P J²,) where the same features lie in an array (R s s, F)."""
        box, y, x = self.box[:, None, None], self.y[:, :, None], self.x[:, None, :]
        return ((box * size + y) * size + x).flatten()


def at_least_float32(values: torch.Tensor) -> torch.Tensor:
    """Half precision (...) as float32; other types (...) as they are."""
    return values.float() if values.dtype in (torch.float16, torch.bfloat16) else values
