"""The charts of a mirrored person: parts, coordinates, directions and covariances.

A mirrored picture shows a person whose left is the right of the original. The point that was at
(u, v) of a chart then lies in the chart of the other side, at coordinates that depend on the
surface. Shapes: N stands for any leading dimensions.
"""

from __future__ import annotations

import os

import numpy as np
import torch

from ..errors import UserError
from ..surface.mat5 import Mat5Error, read_mat5
from ..surface.parts import FLIP_PARTS, NUM_PARTS, SELF_MIRRORED_PARTS

_FLIP_PARTS = torch.from_numpy(FLIP_PARTS.copy())
_SELF_MIRRORED_PARTS = torch.from_numpy(SELF_MIRRORED_PARTS.copy())


class ChartMirrorError(UserError, ValueError):
    """A table of mirrored coordinates that cannot be used; the message names its file."""


class ChartMirror:
    """How a surface's charts map to each other when its person is mirrored."""

    def part(self, part: torch.Tensor) -> torch.Tensor:
        """(N,) int64 charts 0..24 as the mirrored person's; its own inverse."""
        return _FLIP_PARTS.to(part.device)[part]

    def uv(self, part: torch.Tensor, uv: torch.Tensor) -> torch.Tensor:
        """Coordinates in the mirrored person's chart.

        Args:
            part: (N,) int64 charts 1..24 before the reflection.
            uv: (N, 2) chart units.

        Returns:
            (N, 2) chart units, in the chart `part(part)`.
        """
        raise NotImplementedError

    def jacobian(self, part: torch.Tensor, uv: torch.Tensor) -> torch.Tensor:
        """(N, 2, 2) derivative of :meth:`uv` at (N, 2) in charts (N,); it has no unit."""
        raise NotImplementedError

    def direction(
        self, part: torch.Tensor, uv: torch.Tensor, direction: torch.Tensor
    ) -> torch.Tensor:
        """(N, 2) chart units: small displacements (N, 2) at `uv` as the mirrored person's."""
        return (self.jacobian(part, uv) @ direction[..., None]).squeeze(-1)

    def covariance(
        self, part: torch.Tensor, uv: torch.Tensor, covariance: torch.Tensor
    ) -> torch.Tensor:
        """Covariances at `uv` to those of the mirrored person: T Σ Tᵀ, T a change of coordinates.

        A displacement goes by the Jacobian. Of a similarity (`distributions.similarity_basis`),
        a reflected chart turns the other way and keeps its change of size; that is exact for
        charts that are congruent to their twin, as those of a :class:`SymmetricChartMirror` are.

        Args:
            part: (N,) int64 charts 1..24 before the reflection.
            uv: (N, 2) chart units.
            covariance: (N, K, K), of a displacement (K = 2, chart units²) or a similarity (K = 4).
        """
        jacobian = self.jacobian(part, uv)
        turn = torch.where(jacobian.det() < 0, -1.0, 1.0).to(jacobian)
        besides = torch.stack([turn, torch.ones_like(turn)], dim=-1)
        change = jacobian.new_zeros(covariance.shape)
        change[..., :2, :2] = jacobian
        change[..., 2:, 2:] = torch.diag_embed(besides[..., : covariance.shape[-1] - 2])
        return change @ covariance @ change.mT


class SymmetricChartMirror(ChartMirror):
    """Charts that were made as mirror images of each other, as those of a `Surface` are.

    Left and right charts share their coordinates, and on the torso u becomes 1 - u.
    """

    def _self_mirrored(self, part: torch.Tensor) -> torch.Tensor:
        return torch.isin(part, _SELF_MIRRORED_PARTS.to(part.device))

    def uv(self, part: torch.Tensor, uv: torch.Tensor) -> torch.Tensor:
        """See :meth:`ChartMirror.uv`."""
        u, v = uv.unbind(-1)
        return torch.stack([torch.where(self._self_mirrored(part), 1 - u, u), v], dim=-1)

    def jacobian(self, part: torch.Tensor, uv: torch.Tensor) -> torch.Tensor:
        """See :meth:`ChartMirror.jacobian`."""
        along_u = torch.where(self._self_mirrored(part), -1.0, 1.0).to(uv)
        return torch.diag_embed(torch.stack([along_u, torch.ones_like(along_u)], dim=-1))


class TabulatedChartMirror(ChartMirror):
    """Charts whose reflection is known on a grid, as DensePose's for SMPL is.

    Args:
        table: (24, H, W, 2) float, the mirrored (u, v) of the point at v = row / (H - 1),
            u = column / (W - 1) of each chart; between them it is interpolated.
    """

    def __init__(self, table: torch.Tensor):
        self.table = table

    @staticmethod
    def load(path: str | os.PathLike[str]) -> TabulatedChartMirror:
        """Read DensePose's `UV_symmetry_transforms.mat`.

        Raises:
            FileNotFoundError: the file does not exist.
            ChartMirrorError: the file is not such a table; the message names the field.
        """
        try:
            content = read_mat5(path, ("U_transforms", "V_transforms"))
        except Mat5Error as error:
            raise ChartMirrorError(f"{path}: this is not a readable .mat file ({error})") from error
        axes = []
        for field in ("U_transforms", "V_transforms"):
            cells = content.get(field)
            if cells is None or cells.size != NUM_PARTS:
                raise ChartMirrorError(f"{path}: field '{field}' is not one grid for each chart")
            grids = [np.asarray(grid) for grid in cells.flat]
            if any(g.ndim != 2 or min(g.shape) < 2 or g.shape != grids[0].shape for g in grids):
                raise ChartMirrorError(f"{path}: field '{field}' has grids of different shapes")
            stack = np.stack(grids)
            if not ((stack >= 0) & (stack <= 1)).all():
                raise ChartMirrorError(f"{path}: field '{field}' has values outside [0, 1]")
            axes.append(stack.astype(np.float32))
        if axes[0].shape != axes[1].shape:
            raise ChartMirrorError(f"{path}: 'U_transforms' and 'V_transforms' differ in shape")
        return TabulatedChartMirror(torch.from_numpy(np.stack(axes, axis=-1)))

    def _cell(
        self, part: torch.Tensor, uv: torch.Tensor
    ) -> tuple[list[torch.Tensor], torch.Tensor, torch.Tensor]:
        """The four corners (N, 2) around a point, its place (N, 2) between them, and the number of
        cells (2,) along u and v."""
        table = self.table.to(uv)
        scale = torch.tensor([table.shape[2] - 1, table.shape[1] - 1]).to(uv)
        position = uv.clamp(0, 1) * scale
        low = torch.minimum(position.floor(), scale - 1)
        column, row = low.long().unbind(-1)
        # Background has no chart of its own; it reads the first one's values, which are unused.
        chart = (part - 1).clamp_min(0)
        corners = [table[chart, row + down, column + right] for down in (0, 1) for right in (0, 1)]
        return corners, position - low, scale

    def uv(self, part: torch.Tensor, uv: torch.Tensor) -> torch.Tensor:
        """See :meth:`ChartMirror.uv`."""
        (a, b, c, d), place, _ = self._cell(part, uv)
        right, down = place[..., :1], place[..., 1:]
        return (1 - down) * ((1 - right) * a + right * b) + down * ((1 - right) * c + right * d)

    def jacobian(self, part: torch.Tensor, uv: torch.Tensor) -> torch.Tensor:
        """See :meth:`ChartMirror.jacobian`."""
        (a, b, c, d), place, scale = self._cell(part, uv)
        right, down = place[..., :1], place[..., 1:]
        along_u = (1 - down) * (b - a) + down * (d - c)
        along_v = (1 - right) * (c - a) + right * (d - b)
        return torch.stack([along_u * scale[0], along_v * scale[1]], dim=-1)
