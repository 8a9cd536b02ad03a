"""The dense-pose losses the long way, over dense maps: the plain twin of the point route.

Every field has a transposed convolution of its own and is upsampled to full size before it is
read, as in DensePose. Shapes: R boxes, C charts + background, S x S cells, P points.
"""

from __future__ import annotations

import torch
from detectron2.structures import Instances
from torch.nn import functional as F

from uncertain_densepose.modeling.chart_predictor import DensePoseChartPredictor
from uncertain_densepose.modeling.point_labels import coarse_labels_from_parts, gather_points
from uncertain_densepose.structures.bilinear import corners_of, interpolate, linear_taps
from uncertain_densepose.structures.point_convention import PointConvention


def dense_maps(
    predictor: DensePoseChartPredictor, features: torch.Tensor
) -> dict[str, torch.Tensor]:
    """Features (R, channels, s, s) to all maps at full size (R, 2 or 15 or C, S, S), by name."""
    names = ["ann_index", "index_uv", "u", "v", *predictor.noise_model.point_fields]
    maps = {name: getattr(predictor, f"{name}_lowres")(features) for name in names}
    return {
        name: F.interpolate(
            field, scale_factor=predictor.up_scale, mode="bilinear", align_corners=False
        )
        for name, field in maps.items()
    }


def dense_losses(
    predictor: DensePoseChartPredictor,
    features: torch.Tensor,
    proposals: list[Instances],
    convention: PointConvention,
) -> dict[str, torch.Tensor]:
    """What `DensePoseChartLoss` gives with the reduction "sum", weights of 1 and no anchor.

    Args:
        predictor: without confidences of segmentations.
        features: (R, channels, s, s) float32.
        proposals: labelled ones, R boxes in all.
        convention: where labels lie in maps.

    Returns:
        Scalar losses by name.
    """
    maps = dense_maps(predictor, features)
    labels = gather_points(proposals, convention)
    side, charts = maps["u"].shape[-1], maps["u"].shape[1]
    position = convention.position(labels.xy_box, side)
    taps_x, taps_y = (linear_taps(along, side) for along in position.T)
    corners = corners_of(taps_x, taps_y, side)

    def read(name: str, part: torch.Tensor | slice = slice(None)) -> torch.Tensor:
        planes = maps[name].flatten(2)
        return interpolate(corners, lambda cell: planes[labels.box, part, cell])

    fine = F.cross_entropy(read("index_uv"), labels.part)
    known = coarse_labels_from_parts(proposals, side, maps["ann_index"].shape[1])
    coarse = F.cross_entropy(maps["ann_index"][known.box], known.target)

    model = predictor.noise_model
    key, group = torch.unique(labels.box * charts + labels.part, return_inverse=True)
    logits = {name: read(name, labels.part) for name in model.point_fields}
    pooled = features.mean(dim=(2, 3))
    for name in model.shared_fields:
        logits[name] = getattr(predictor, name)(pooled).flatten()[key]
    mean_uv = torch.stack([read("u", labels.part), read("v", labels.part)], dim=-1)
    return {
        "loss_densepose_UV": model.loss(mean_uv, labels.uv, logits, group),
        "loss_densepose_I": fine,
        "loss_densepose_S": coarse,
    }
