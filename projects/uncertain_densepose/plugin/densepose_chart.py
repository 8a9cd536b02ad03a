"""This project's chart predictor and loss, registered with DensePose; imported by `register`.

Shapes: N boxes, maps of S x S.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, fields

import torch
from densepose.converters import HFlipConverter
from densepose.modeling.losses.registry import DENSEPOSE_LOSS_REGISTRY
from densepose.modeling.predictors.registry import DENSEPOSE_PREDICTOR_REGISTRY
from densepose.structures import DensePoseChartPredictorOutput
from detectron2.structures import Instances

from ..modeling.chart_loss import DensePoseChartLoss
from ..modeling.chart_predictor import DensePoseChartPredictor
from ..modeling.noise_models import build_noise_model
from ..modeling.raw_charts import RawCharts
from ..structures import ChartMaps, PointAnnotations, PointAnnotationsList
from .missing_config import with_missing_config


@dataclass
class UncertainChartPredictorOutput(DensePoseChartPredictorOutput):
    """DensePose's chart output with its confidences, and the covariance that a part shares.

    Attributes:
        sigma_1: always None; DensePose has it and does not use it.
        sigma_2: (N, 25, S, S) logits: the isotropic variance is EPSILON + softplus, chart units².
        kappa_u, kappa_v: (N, 25, S, S) directional term, chart units.
        fine_segm_confidence, coarse_segm_confidence: (N, 1, S, S) positive factors of the scores.
        shared_covariance: (N, 25, K, K), see `ChartMaps`.
    """

    sigma_1: torch.Tensor | None = None
    sigma_2: torch.Tensor | None = None
    kappa_u: torch.Tensor | None = None
    kappa_v: torch.Tensor | None = None
    fine_segm_confidence: torch.Tensor | None = None
    coarse_segm_confidence: torch.Tensor | None = None
    shared_covariance: torch.Tensor | None = None

    @classmethod
    def of(cls, maps: ChartMaps, epsilon: float) -> UncertainChartPredictorOutput:
        """The same prediction.

        Args:
            maps: of N boxes.
            epsilon: lower bound of the variance.
        """
        direction = (None, None) if maps.direction is None else maps.direction.unbind(dim=1)
        return cls(
            coarse_segm=maps.coarse_segm,
            fine_segm=maps.fine_segm,
            u=maps.u,
            v=maps.v,
            sigma_2=None if maps.variance is None else _variance_logit(maps.variance - epsilon),
            kappa_u=direction[0],
            kappa_v=direction[1],
            fine_segm_confidence=maps.fine_segm_confidence,
            coarse_segm_confidence=maps.coarse_segm_confidence,
            shared_covariance=maps.shared_covariance,
        )

    def _map(self, function: Callable) -> UncertainChartPredictorOutput:
        values = {field.name: getattr(self, field.name) for field in fields(self)}
        return type(self)(**{k: None if t is None else function(t) for k, t in values.items()})

    def __getitem__(self, item) -> UncertainChartPredictorOutput:
        """Some of the boxes: a position, which keeps its axis, a slice, a mask (N,) or indices."""
        if isinstance(item, int):
            return self._map(lambda t: t[item].unsqueeze(0))
        return self._map(lambda t: t[item])

    def to(self, device) -> UncertainChartPredictorOutput:
        """The same on another device."""
        return self._map(lambda t: t.to(device))


def _variance_logit(excess: torch.Tensor) -> torch.Tensor:
    """The inverse of softplus, finite for an excess that has underflown to 0."""
    excess = excess.clamp_min(torch.finfo(excess.dtype).tiny)
    return excess + torch.log(-torch.expm1(-excess))


@DENSEPOSE_PREDICTOR_REGISTRY.register()
class UncertainDensePoseChartPredictor(DensePoseChartPredictor):
    """This project's predictor for DensePose's ROI heads: raw charts, which
    `UncertainDensePoseChartLoss` reads, in training, and DensePose's form of output otherwise."""

    @classmethod
    def from_config(cls, cfg, input_channels: int):
        return super().from_config(with_missing_config(cfg), input_channels)

    def forward(self, features: torch.Tensor) -> RawCharts | UncertainChartPredictorOutput:
        """Features (N, input_channels, s, s) of a head to raw charts in training, otherwise to
        DensePose's form of output, (N, ..., S, S)."""
        charts = super().forward(features)
        if self.training:
            return charts
        return UncertainChartPredictorOutput.of(self.chart_maps(charts), self.noise_model.epsilon)


@DENSEPOSE_LOSS_REGISTRY.register()
class UncertainDensePoseChartLoss:
    """This project's loss, on DensePose's annotations."""

    def __init__(self, cfg):
        cfg = with_missing_config(cfg)
        self._loss = DensePoseChartLoss(cfg, build_noise_model(cfg))

    def __call__(
        self, proposals_with_gt: list[Instances], densepose_predictor_outputs: RawCharts, **_
    ) -> dict[str, torch.Tensor]:
        """Losses by name; see `DensePoseChartLoss`.

        Args:
            proposals_with_gt: from DensePose's data filter, at least one image.
            densepose_predictor_outputs: of their N boxes.
        """
        labelled = [labelled_proposals(image) for image in proposals_with_gt]
        return self._loss(labelled, densepose_predictor_outputs)


def labelled_proposals(image: Instances) -> Instances:
    """Proposals of an image with this project's annotations in place of DensePose's.

    A person without annotated points, on whose mask alone DensePose may train, gets none here.
    """
    people = image.gt_densepose if image.has("gt_densepose") else [None] * len(image)
    kept = {name: image.get(name) for name in ("proposal_boxes", "gt_boxes")}
    if image.has("gt_masks"):
        kept["gt_masks"] = image.gt_masks
    device = image.proposal_boxes.device
    annotations = PointAnnotationsList([point_annotations(person, device) for person in people])
    return Instances(image.image_size, **kept, gt_densepose=annotations)


def point_annotations(person, device: torch.device) -> PointAnnotations:
    """The annotations of a DensePose `DensePoseDataRelative`, or of None."""
    if person is None:
        nothing = torch.zeros(0, 2, device=device)
        return PointAnnotations(nothing, nothing[:, 0].long(), nothing)
    part = person.i.long()
    on_person = part > 0
    # DensePose reads an absent mask as one of background alone.
    segm = getattr(person, "segm", None)
    return PointAnnotations(
        xy=torch.stack([person.x, person.y], dim=-1).float()[on_person],
        part=part[on_person],
        uv=torch.stack([person.u, person.v], dim=-1).float()[on_person],
        coarse_segm=segm.to(torch.uint8) if segm is not None and segm.any() else None,
    )


def mirrored(output: UncertainChartPredictorOutput, transform_data) -> object:
    """DensePose's mirrored means without confidences, which its flip cannot mirror.

    Its test-time augmentation averages the means alone.

    Args:
        output: of N boxes.
        transform_data: DensePose's `DensePoseTransformData`.
    """
    means = {f.name: getattr(output, f.name) for f in fields(DensePoseChartPredictorOutput)}
    return HFlipConverter.convert(DensePoseChartPredictorOutput(**means), transform_data)


HFlipConverter.register(UncertainChartPredictorOutput, mirrored)
