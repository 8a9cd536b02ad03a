"""The keys that a config of DensePose lacks for this project's predictor and loss."""

from __future__ import annotations

import copy

from detectron2.config import CfgNode, get_cfg

from ..config import add_uncertain_densepose_config


def add_missing_config(cfg: CfgNode) -> None:
    """Add the keys of `MODEL.ROI_DENSEPOSE_HEAD` that only this project has, in place.

    Args:
        cfg: with DensePose's keys, whose values stay.
    """
    ours = get_cfg()
    add_uncertain_densepose_config(ours)
    _add_missing(ours.MODEL.ROI_DENSEPOSE_HEAD, cfg.MODEL.ROI_DENSEPOSE_HEAD)


def with_missing_config(cfg: CfgNode) -> CfgNode:
    """A copy of a config, frozen or not, with the keys of `add_missing_config`."""
    complete = cfg.clone()
    complete.defrost()
    add_missing_config(complete)
    return complete


def _add_missing(source: CfgNode, target: CfgNode) -> None:
    for key, value in source.items():
        if key not in target:
            setattr(target, key, copy.deepcopy(value))
        elif isinstance(value, CfgNode):
            _add_missing(value, target[key])
