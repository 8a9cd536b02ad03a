"""DensePose's first head: a stack of convolutions."""

from __future__ import annotations

from detectron2.config import configurable

from .densepose_head import ROI_DENSEPOSE_HEAD_REGISTRY, StackedConvs


@ROI_DENSEPOSE_HEAD_REGISTRY.register()
class DensePoseV1ConvXHead(StackedConvs):
    """A stack of 3x3 convolutions with ReLU, DensePose's first head (Güler et al. 2018)."""

    @configurable
    def __init__(self, *, input_channels: int, conv_dim: int, kernel_size: int, num_convs: int):
        """Args: see :class:`StackedConvs`."""
        super().__init__(input_channels, conv_dim, kernel_size, num_convs)
