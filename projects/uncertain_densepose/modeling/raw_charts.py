"""The raw output of a chart predictor: features and layers, evaluated where they are wanted.

Shapes: R boxes, C = charts + background, features of s x s cells, raw maps of 2s x 2s, upsampled
ones of S x S; P points.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import cast

import torch
from torch import nn
from torch.nn import functional as F

from ..structures.bilinear import interpolate
from .charts_at_points import ChartsAtPoints
from .point_taps import STRIDE, InputTaps, cells_around
from .segmentation_logits import SegmentationLogits
from .sparse_deconvolution import deconvolve, joint_bias

COARSE_SEGM, COARSE_CONFIDENCE = "ann_index", "coarse_segm_confidence"
FINE_SEGM, FINE_CONFIDENCE = "index_uv", "fine_segm_confidence"
_DENSE = (COARSE_SEGM, COARSE_CONFIDENCE)


@dataclass(frozen=True)
class RawCharts:
    """Features of R boxes with the transposed convolutions that make raw maps of them.

    Attributes:
        features: (R, F, s, s).
        layers: the transposed convolutions by the name of their field: DensePose's `ann_index`,
            `index_uv`, `u`, `v`, those of the confidences, and the noise model's.
        shared_logits: raw values (R, C) of the noise model, by name.
        up_scale: factor of the bilinear upsampling of raw maps.
        segm_confidence_epsilon: lower bound of the segmentations' confidence.
    """

    features: torch.Tensor
    layers: Mapping[str, nn.ConvTranspose2d]
    shared_logits: Mapping[str, torch.Tensor]
    up_scale: int
    segm_confidence_epsilon: float = 0.0

    def _by_name(
        self, channels: torch.Tensor, names: list[str], dim: int
    ) -> dict[str, torch.Tensor]:
        sizes = [self.layers[name].out_channels for name in names]
        return dict(zip(names, channels.split(sizes, dim=dim), strict=True))

    def _segmentation(
        self, maps: Mapping[str, torch.Tensor], logits: str, confidence: str
    ) -> SegmentationLogits:
        return SegmentationLogits(maps[logits], maps.get(confidence), self.segm_confidence_epsilon)

    def maps(self) -> dict[str, torch.Tensor]:
        """All raw maps (R, channels, 2s, 2s) by the names of their layers."""
        layers = list(self.layers.values())
        # One convolution, which reads the features once.
        maps = F.conv_transpose2d(
            self.features,
            torch.cat([layer.weight for layer in layers], dim=1),
            joint_bias(layers),
            stride=layers[0].stride,
            # torch types it as possibly a word such as "same", which this layer does not take.
            padding=cast("tuple[int, ...]", layers[0].padding),
        )
        return self._by_name(maps, list(self.layers), dim=1)

    def segmentations(
        self, maps: Mapping[str, torch.Tensor]
    ) -> tuple[SegmentationLogits, SegmentationLogits]:
        """The coarse (R, 2 or 15, 2s, 2s) and the fine segmentation (R, C, 2s, 2s) of raw maps by
        the names of their layers, as :meth:`maps` returns them."""
        return (
            self._segmentation(maps, COARSE_SEGM, COARSE_CONFIDENCE),
            self._segmentation(maps, FINE_SEGM, FINE_CONFIDENCE),
        )

    def at_points(self, box: torch.Tensor, position: torch.Tensor) -> ChartsAtPoints:
        """What bilinear sampling of the upsampled maps gives, without making those maps.

        Args:
            box: (P,) int64 in 0..R-1, the box whose maps a point reads.
            position: (P, 2) x, y in cells of the upsampled maps, a cell's centre being its index;
                clamped to 0..S-1.

        Returns:
            Coarse segmentation: raw maps (R, 2 or 15, 2s, 2s), not upsampled. All else at the
            points, (P, C) a field, float32 at least; shared fields as in `shared_logits`.
        """
        dense = [name for name in self.layers if name in _DENSE]
        sparse = [name for name in self.layers if name not in _DENSE]
        size = self.features.shape[-1]
        # A confidence is the softplus of an upsampled map and multiplies another one, so that it
        # needs the four upsampled cells around a point.
        side = STRIDE * size * self.up_scale
        sites = cells_around(position, side) if FINE_CONFIDENCE in self.layers else None
        positions = [position] if sites is None else [site for site, _ in sites]
        taps = InputTaps.of_points(
            box.repeat(len(positions)),
            torch.cat(positions),
            size=size,
            kernel_size=self.layers[COARSE_SEGM].kernel_size[0],
            scale=self.up_scale,
        )
        dense_channels, sparse_channels = deconvolve(
            self.features,
            [self.layers[name] for name in dense],
            [self.layers[name] for name in sparse],
            taps,
        )
        maps = self._by_name(dense_channels, dense, dim=1)
        values = self._by_name(sparse_channels, sparse, dim=1)
        if sites is not None:
            values[FINE_SEGM] = self._segmentation(values, FINE_SEGM, FINE_CONFIDENCE).scaled()
            del values[FINE_CONFIDENCE]
            weights = [(k, weight) for k, (_, weight) in enumerate(sites)]
            for name, at_sites in values.items():
                values[name] = interpolate(
                    weights, at_sites.unflatten(0, (4, len(box))).__getitem__
                )
        return ChartsAtPoints(
            coarse_segm=self._segmentation(maps, COARSE_SEGM, COARSE_CONFIDENCE),
            fine_segm=values.pop(FINE_SEGM),
            u=values.pop("u"),
            v=values.pop("v"),
            point_logits=values,
            shared_logits=self.shared_logits,
        )
