"""The labels that proposals carry, gathered into flat tensors.

Shapes: R boxes of a batch of images, P annotated points that lie inside them.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from detectron2.structures import Instances
from detectron2.structures.boxes import matched_pairwise_iou

from ..structures.geometry import box_to_image_xy, image_to_box_xy, inside_box
from ..structures.point_annotations import MASK_SIZE
from ..structures.point_convention import PointConvention


@dataclass(frozen=True)
class PointLabels:
    """Annotated points in the boxes of a batch.

    Attributes:
        box: (P,) int64 in 0..R-1.
        xy_box: (P, 2) fraction of that box.
        part: (P,) int64 chart 1..24.
        uv: (P, 2) float32 chart units.
    """

    box: torch.Tensor
    xy_box: torch.Tensor
    part: torch.Tensor
    uv: torch.Tensor

    def __len__(self) -> int:
        return len(self.box)


@dataclass(frozen=True)
class CoarseLabels:
    """Targets of the coarse segmentation, for the boxes that have any.

    Attributes:
        target: (R', S, S) int64 channels.
        box: (R',) int64 in 0..R-1.
    """

    target: torch.Tensor
    box: torch.Tensor


def select_labelled(proposals: list[Instances], iou_threshold: float) -> list[Instances]:
    """The proposals that overlap a person with dense-pose labels well enough to learn from.

    Args:
        proposals: one a image, sampled by `ROIHeads.label_and_sample_proposals`.
        iou_threshold: least IoU of a proposal with its person's box.

    Returns:
        One a image, with `proposal_boxes` and, where not empty, `gt_boxes` and `gt_densepose`.
    """
    selected = []
    for image in proposals:
        if not (image.has("gt_boxes") and image.has("gt_densepose")):
            selected.append(image[:0])
            continue
        overlap = matched_pairwise_iou(image.proposal_boxes, image.gt_boxes)
        labelled = torch.tensor(
            [person is not None for person in image.gt_densepose],
            dtype=torch.bool,
            device=overlap.device,
        )
        selected.append(image[(overlap >= iou_threshold) & labelled])
    return selected


def gather_points(proposals: list[Instances], convention: PointConvention) -> PointLabels:
    """The annotated points of labelled proposals, those outside their proposal left out.

    Args:
        proposals: from :func:`select_labelled`; R boxes in all.
        convention: how `dp_x` and `dp_y` are read.
    """
    device = proposals[0].proposal_boxes.device
    boxes = torch.cat([image.proposal_boxes.tensor for image in proposals])
    labelled = [image for image in proposals if len(image)]
    if not labelled:
        return PointLabels(
            box=torch.zeros(0, dtype=torch.int64, device=device),
            xy_box=boxes.new_zeros(0, 2),
            part=torch.zeros(0, dtype=torch.int64, device=device),
            uv=boxes.new_zeros(0, 2),
        )
    people = [person for image in labelled for person in image.gt_densepose]
    annotated = torch.cat([image.gt_boxes.tensor for image in labelled])
    count = torch.tensor([len(person) for person in people], device=device)
    box = torch.repeat_interleave(torch.arange(len(people), device=device), count)
    fraction = torch.cat([person.xy for person in people]) / convention.extent
    xy_box = image_to_box_xy(box_to_image_xy(fraction, annotated[box]), boxes[box])
    # A label outside its own annotation box is malformed, even where the proposal holds it.
    kept = inside_box(xy_box) & inside_box(fraction)
    return PointLabels(
        box=box[kept],
        xy_box=xy_box[kept],
        part=torch.cat([person.part for person in people])[kept],
        uv=torch.cat([person.uv for person in people])[kept],
    )


def coarse_labels_from_parts(
    proposals: list[Instances], side: int, num_channels: int
) -> CoarseLabels:
    """Targets of the coarse segmentation from `dp_masks`, by nearest neighbour, for the boxes whose
    person has part masks.

    Args:
        proposals: from :func:`select_labelled`; R boxes in all.
        side: S, cells along a side of the maps.
        num_channels: 2 merges the coarse parts into one.
    """
    targets, boxes, index = [], [], 0
    for image in proposals:
        for k in range(len(image)):
            person = image.gt_densepose.people[k]
            if person.coarse_segm is not None:
                proposal = image.proposal_boxes.tensor[k]
                annotated = image.gt_boxes.tensor[k]
                targets.append(_resample(person.coarse_segm, annotated, proposal, side))
                boxes.append(index)
            index += 1
    device = proposals[0].proposal_boxes.device
    if not targets:
        empty = torch.zeros(0, side, side, dtype=torch.int64, device=device)
        return CoarseLabels(empty, torch.zeros(0, dtype=torch.int64, device=device))
    target = torch.stack(targets).long().clamp_max(num_channels - 1)
    return CoarseLabels(target, torch.tensor(boxes, device=device))


def coarse_labels_from_masks(proposals: list[Instances], side: int) -> CoarseLabels:
    """Targets of a two-channel coarse segmentation from `gt_masks`, for every box; arguments as
    :func:`coarse_labels_from_parts`."""
    cropped = [
        image.gt_masks.crop_and_resize(image.proposal_boxes.tensor, side)
        for image in proposals
        if len(image)
    ]
    device = proposals[0].proposal_boxes.device
    if not cropped:
        cropped = [torch.zeros(0, side, side, dtype=torch.bool, device=device)]
    target = torch.cat(cropped).to(device).long()
    return CoarseLabels(target, torch.arange(len(target), device=device))


def _resample(
    segm: torch.Tensor, annotated: torch.Tensor, proposal: torch.Tensor, side: int
) -> torch.Tensor:
    """(S, S) of the labels (256, 256) over the box `annotated`, seen through `proposal`."""
    centre = (torch.arange(side, device=segm.device) + 0.5) / side
    corners = torch.stack([centre, centre], dim=-1)
    fraction = image_to_box_xy(box_to_image_xy(corners, proposal), annotated)
    inside = (fraction >= 0) & (fraction < 1)
    cell = (fraction.nan_to_num() * MASK_SIZE).long().clamp(0, MASK_SIZE - 1)
    values = segm[cell[:, 1][:, None], cell[:, 0][None, :]]
    return values * (inside[:, 1][:, None] & inside[:, 0][None, :])
