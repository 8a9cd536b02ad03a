"""Values at points: raw charts as training reads them, and each point's values in its own chart.

Shapes: P points, R boxes, C = charts + background, G groups, a group being a chart of a box.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass

import torch

from ..distributions.grouping import group_mean
from .segmentation_logits import SegmentationLogits


@dataclass(frozen=True)
class PointValues:
    """What the network says of P points, each in its own chart.

    Attributes:
        mean_uv: (P, 2) chart units.
        logits: raw fields of the noise model by name, those of points (P,) and of groups (G,).
        group: (P,) int64 in 0..G-1.
        num_groups: G.
    """

    mean_uv: torch.Tensor
    logits: Mapping[str, torch.Tensor]
    group: torch.Tensor
    num_groups: int


@dataclass(frozen=True)
class ChartsAtPoints:
    """Charts as training needs them: the coarse segmentation everywhere, the rest at points.

    Attributes:
        coarse_segm: logits of 2 or 15 channels.
        fine_segm: (P, C) logits, scaled by their confidence.
        u, v: (P, C) chart units.
        point_logits: (P, C) of the noise model, by name.
        shared_logits: (R, C) of the noise model, by name; shared fields that come from points are
            among the `point_logits`.
    """

    coarse_segm: SegmentationLogits
    fine_segm: torch.Tensor
    u: torch.Tensor
    v: torch.Tensor
    point_logits: Mapping[str, torch.Tensor]
    shared_logits: Mapping[str, torch.Tensor]

    def tensors(self) -> list[torch.Tensor]:
        """Every tensor, in any shape; a loss of 0 times their sum keeps them all in the graph."""
        values = [*self.coarse_segm.tensors(), self.fine_segm, self.u, self.v]
        return values + list(self.point_logits.values()) + list(self.shared_logits.values())

    def in_parts(
        self, box: torch.Tensor, part: torch.Tensor, shared_fields: Collection[str]
    ) -> PointValues:
        """The values of each point in one chart.

        Args:
            box: (P,) int64 in 0..R-1.
            part: (P,) int64, the chart.
            shared_fields: names of the fields that a group has one value of: the mean over its
                points for those among the `point_logits`.
        """

        def of_part(values: torch.Tensor) -> torch.Tensor:
            return values.gather(1, part[:, None])[:, 0]

        mean_uv = torch.stack([of_part(self.u), of_part(self.v)], dim=-1)
        key, group = torch.unique(box * self.u.shape[1] + part, return_inverse=True)
        logits = {name: of_part(values) for name, values in self.point_logits.items()}
        for name in shared_fields:
            if name in logits:
                logits[name] = group_mean(logits[name], group, len(key))
        for name, values in self.shared_logits.items():
            logits[name] = values.flatten()[key].to(mean_uv.dtype)
        return PointValues(mean_uv, logits, group, len(key))
