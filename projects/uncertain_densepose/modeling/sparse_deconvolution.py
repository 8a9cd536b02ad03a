"""A transposed convolution whose output is wanted everywhere in some channels, elsewhere at points.

Shapes: R boxes, F features of s x s cells, maps of 2s x 2s cells; P points, each of which depends
on J x J features; k x k kernels of stride 2, k even.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import cast

import torch
from torch import nn
from torch.autograd.function import once_differentiable
from torch.nn import functional as F

from .point_taps import STRIDE, InputTaps, at_least_float32

_CHUNK_SHARE, _CHUNK_ELEMENTS = 24, 2**19
"""Points are taken in chunks, whose largest temporary array (points, k², F) is so many times
smaller than the features, but has at least so many elements: some fifty chunks for 100 points a box
of 28 x 28 cells and 512 features."""


class _SparseDeconvolution(torch.autograd.Function):
    """See :func:`deconvolve`. Nothing as large as the features is kept or made besides their one
    gradient, to which both kinds of channels add."""

    @staticmethod
    def forward(ctx, features, dense, matrix, *taps):
        ctx.save_for_backward(features, dense, matrix, *taps)
        # A product and a scattering of its columns: convolutions of oneDNN copy the features.
        columns = dense.flatten(1).T.to(features.dtype).expand(len(features), -1, -1)
        columns = at_least_float32(columns.bmm(features.flatten(2)))
        side = STRIDE * features.shape[-1]
        maps = F.fold(columns, (side, side), **_geometry(dense))
        values = matrix.new_empty(len(taps[0]), matrix.shape[1])
        start = 0
        for chunk in InputTaps(*taps).chunks(_chunk_points(features, matrix)):
            mixed = _mixed(chunk, features)
            values[start : start + len(mixed)] = mixed @ matrix
            start += len(mixed)
        return maps, values

    @staticmethod
    @once_differentiable
    def backward(ctx, grad_maps, grad_values):
        features, dense, matrix, *taps = ctx.saved_tensors
        num_features, size = features.shape[1], features.shape[-1]
        columns = F.unfold(grad_maps, **_geometry(dense)).transpose(1, 2).to(features.dtype)
        grad_dense = features.flatten(2).bmm(columns).sum(dim=0).reshape(dense.shape).to(dense)
        # Channels last, so that the features of a cell are a row, to which those of points are
        # added. No view is returned: to that, autograd could not add in place.
        grad_features = torch.empty_like(features, memory_format=torch.channels_last)
        rows = grad_features.permute(0, 2, 3, 1).flatten(0, 2)
        torch.mm(columns.flatten(0, 1), dense.flatten(1).T.to(features.dtype), out=rows)
        del columns
        grad_matrix = torch.zeros_like(matrix)
        start = 0
        for chunk in InputTaps(*taps).chunks(_chunk_points(features, matrix)):
            grad = grad_values[start : start + len(chunk.box)]
            grad_matrix.addmm_(_mixed(chunk, features).T, grad)
            mixed = (grad @ matrix.T).reshape(len(grad), -1, num_features)
            around = chunk.weights(matrix.dtype).transpose(1, 2) @ mixed
            rows.index_add_(0, chunk.rows(size), around.flatten(0, 1).to(rows.dtype))
            start += len(grad)
        return grad_features, grad_dense, grad_matrix, *[None] * len(taps)


def deconvolve(
    features: torch.Tensor,
    dense: Sequence[nn.ConvTranspose2d],
    sparse: Sequence[nn.ConvTranspose2d],
    taps: InputTaps,
) -> tuple[torch.Tensor, torch.Tensor]:
    """Transposed convolutions of stride 2 and padding k / 2 - 1, of the same features.

    The work at points is P k² F multiplications a channel, that for maps R s² k² F.

    Args:
        features: (R, F, s, s).
        dense: layers whose output is wanted everywhere.
        sparse: layers that are read at points; the weights of a point's output cells sum to one.
        taps: where.

    Returns:
        maps: (R, channels of `dense`, 2s, 2s) and values: (P, channels of `sparse`), float32 at
        least.
    """
    maps, values = _SparseDeconvolution.apply(
        features,
        torch.cat([layer.weight for layer in dense], dim=1),
        # (k² F, channels)
        torch.cat([layer.weight.permute(2, 3, 0, 1).flatten(0, 2) for layer in sparse], dim=1),
        *taps.tensors(),
    )
    return maps + joint_bias(dense)[:, None, None], values + joint_bias(sparse)


def joint_bias(layers: Sequence[nn.ConvTranspose2d]) -> torch.Tensor:
    """(channels of all,) the biases of layers, all of which have one."""
    # torch types every bias as optional.
    return torch.cat([cast("torch.Tensor", layer.bias) for layer in layers])


def _geometry(weight: torch.Tensor) -> dict[str, int]:
    kernel_size = weight.shape[-1]
    return {"kernel_size": kernel_size, "stride": STRIDE, "padding": kernel_size // 2 - 1}


def _chunk_points(features: torch.Tensor, matrix: torch.Tensor) -> int:
    return max(1, max(features.numel() // _CHUNK_SHARE, _CHUNK_ELEMENTS) // len(matrix))


def _mixed(taps: InputTaps, features: torch.Tensor) -> torch.Tensor:
    """(P, k² F) what the kernel's cells are multiplied with."""
    around = taps.gather(features)
    return (taps.weights(around.dtype) @ around).flatten(1)
