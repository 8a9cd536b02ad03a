"""Random input of the benchmarks."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from detectron2.structures import Boxes, Instances

from uncertain_densepose.structures import PointAnnotations, PointAnnotationsList
from uncertain_densepose.structures.point_annotations import MASK_SIZE

NUM_CHARTS = 24


@dataclass(frozen=True)
class PointBatch:
    """Points in groups of one size, and the parameters of the joint model.

    Attributes:
        mean_uv, variance, direction, shared_covariance: (P, 2), (P,), (P, 2), (G, 2, 2) leaves
            that ask for a gradient; chart units.
        target_uv: (P, 2) chart units.
        group: (P,) int64, mixed within a person as annotators leave them.
        by_group: (G, N) int64, the points of each group.
    """

    mean_uv: torch.Tensor
    variance: torch.Tensor
    direction: torch.Tensor
    shared_covariance: torch.Tensor
    target_uv: torch.Tensor
    group: torch.Tensor
    by_group: torch.Tensor

    def leaves(self) -> list[torch.Tensor]:
        """What gradients are taken of."""
        return [self.mean_uv, self.variance, self.direction, self.shared_covariance]


def random_points(points: int, group_size: int, device: torch.device, seed: int = 0) -> PointBatch:
    """A float32 batch of `points` // `group_size` groups, a person having one of each chart."""
    generator = torch.Generator().manual_seed(seed)
    groups = points // group_size
    points = groups * group_size

    def normal(*shape: int) -> torch.Tensor:
        return torch.randn(*shape, generator=generator)

    person = torch.arange(groups).repeat_interleave(group_size) // NUM_CHARTS
    order = torch.argsort(person + torch.rand(points, generator=generator, dtype=torch.float64))
    group = torch.arange(groups).repeat_interleave(group_size)[order]
    mean_uv = torch.rand(points, 2, generator=generator)
    shared_variance = 1e-3 * (1 + torch.rand(groups, generator=generator))
    floats = {
        "mean_uv": mean_uv,
        "variance": 1e-3 + 1e-2 * torch.rand(points, generator=generator),
        "direction": 0.05 * normal(points, 2),
        "shared_covariance": shared_variance[:, None, None] * torch.eye(2),
    }
    target_uv = (mean_uv + 0.1 * normal(points, 2)).to(device)
    leaves = {name: value.to(device).requires_grad_() for name, value in floats.items()}
    return PointBatch(
        **leaves,
        target_uv=target_uv,
        group=group.to(device),
        by_group=torch.argsort(group, stable=True).view(groups, group_size).to(device),
    )


def random_proposals(part: torch.Tensor, coarse: bool, seed: int = 0) -> list[Instances]:
    """One image of labelled boxes with points at random places.

    Args:
        part: (R, N) int64, the charts of the N points of each box.
        coarse: whether people have part masks, at random.
    """
    generator = torch.Generator().manual_seed(seed)
    boxes, points = part.shape

    def person(charts: torch.Tensor) -> PointAnnotations:
        segm = torch.randint(0, 15, (MASK_SIZE, MASK_SIZE), generator=generator)
        return PointAnnotations(
            xy=255 * torch.rand(points, 2, generator=generator),
            part=charts,
            uv=torch.rand(points, 2, generator=generator),
            coarse_segm=segm.to(torch.uint8) if coarse else None,
        )

    corner = 100 * torch.rand(boxes, 2, generator=generator)
    size = 100 + 100 * torch.rand(boxes, 2, generator=generator)
    image = Instances((400, 400))
    image.proposal_boxes = Boxes(torch.cat([corner, corner + size], dim=1))
    image.gt_boxes = image.proposal_boxes.clone()
    image.gt_densepose = PointAnnotationsList([person(charts) for charts in part])
    return [image]
