"""Dense chart predictions for boxes, as a field of Detectron2's `Instances`."""

from __future__ import annotations

from dataclasses import dataclass, fields

import torch

from .bilinear import axis_taps, corners_of, interpolate
from .point_predictions import PointPredictions
from .tensor_fields import TensorFields


@dataclass(frozen=True, repr=False)
class ChartMaps(TensorFields):
    """Chart predictions for N boxes on S x S grids that cover the boxes.

    It follows the protocol of an `Instances` field: `len`, indexing, `to` and `cat`. The first
    four names and the last two are those of DensePose; the others hold the noise model.

    Attributes:
        coarse_segm: (N, 2 or 15, S, S) scores, channel 0 background.
        fine_segm: (N, 25, S, S) scores, channel 0 background.
        u, v: (N, 25, S, S) chart units, one channel a chart.
        variance: (N, 25, S, S) isotropic variance s, chart units², or None.
        direction: (N, 2, 25, S, S) directional term r, chart units, or None.
        shared_covariance: (N, 25, K, K) covariance of the error that a chart's points share, in
            the basis of `distributions.BASIS_OF_SIZE`: an offset (K = 2, chart units²), or also a
            rotation and a scaling (K = 4); or None.
        coarse_segm_confidence, fine_segm_confidence: (N, 1, S, S) the positive factors that the
            scores were multiplied by, or None.
    """

    coarse_segm: torch.Tensor
    fine_segm: torch.Tensor
    u: torch.Tensor
    v: torch.Tensor
    variance: torch.Tensor | None = None
    direction: torch.Tensor | None = None
    shared_covariance: torch.Tensor | None = None
    coarse_segm_confidence: torch.Tensor | None = None
    fine_segm_confidence: torch.Tensor | None = None

    def __len__(self) -> int:
        return len(self.u)

    def __getitem__(self, item: int | slice | torch.Tensor) -> ChartMaps:
        """Some of the boxes: a position, which keeps its axis, a slice, a mask (N,) or indices."""
        if isinstance(item, int):
            item = slice(item, item + 1) if item != -1 else slice(-1, None)
        return self.map(lambda t: t[item])

    def __repr__(self) -> str:
        present = [f.name for f in fields(self) if getattr(self, f.name) is not None]
        return f"ChartMaps(boxes={len(self)}, side={self.side}, fields={present})"

    @property
    def side(self) -> int:
        """S, the number of cells along a side of a map."""
        return self.u.shape[-1]

    def sample(
        self, box: torch.Tensor, xy_box: torch.Tensor, part: torch.Tensor | None = None
    ) -> PointPredictions:
        """Read the prediction at points, bilinearly, with half-pixel centres.

        Args:
            box: (P,) int64 in 0..N-1, the box whose maps a point reads.
            xy_box: (P, 2) position as a fraction of the box; clamped to it.
            part: (P,) int64 charts 1..24 to read in. By default the predicted ones: the
                highest fine score where the highest coarse score is not background's, else 0.

        Returns:
            The values at the P points. Where `part` is 0 they are those of channel 0.
        """
        # All fields have the same cells, and finding them costs more than reading a chart.
        taps_x, taps_y = (axis_taps(along, self.side) for along in xy_box.T)
        corners = corners_of(taps_x, taps_y, self.side)

        def read(maps: torch.Tensor, channel: torch.Tensor | slice) -> torch.Tensor:
            planes = maps.flatten(2)
            return interpolate(corners, lambda cell: planes[box, channel, cell])

        if part is None:
            coarse, fine = (
                read(scores, slice(None)).argmax(dim=1)
                for scores in (self.coarse_segm, self.fine_segm)
            )
            part = torch.where(coarse > 0, fine, 0)
        direction = self.direction
        return PointPredictions(
            part=part,
            mean_uv=torch.stack([read(self.u, part), read(self.v, part)], dim=-1),
            variance=None if self.variance is None else read(self.variance, part),
            direction=None
            if direction is None
            else torch.stack([read(along, part) for along in direction.unbind(1)], dim=-1),
            shared_covariance=None
            if self.shared_covariance is None
            else self.shared_covariance[box, part],
        )
