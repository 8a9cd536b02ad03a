"""The modules that a config chooses by name, checked before any of them is built."""

from __future__ import annotations

import difflib
import functools
import operator
from collections.abc import Mapping

from detectron2.config import CfgNode
from detectron2.modeling import (
    BACKBONE_REGISTRY,
    META_ARCH_REGISTRY,
    PROPOSAL_GENERATOR_REGISTRY,
    ROI_HEADS_REGISTRY,
)
from detectron2.utils.registry import Registry

from ..config import ConfigError

MODULES: Mapping[str, tuple[Registry, tuple[str, ...]]] = {
    "MODEL.META_ARCHITECTURE": (META_ARCH_REGISTRY, ()),
    "MODEL.BACKBONE.NAME": (BACKBONE_REGISTRY, ()),
    "MODEL.PROPOSAL_GENERATOR.NAME": (PROPOSAL_GENERATOR_REGISTRY, ("PrecomputedProposals",)),
    "MODEL.ROI_HEADS.NAME": (ROI_HEADS_REGISTRY, ()),
}
"""By key, Detectron2's registry and the names that it takes besides. Heads, predictors, losses and
noise models are checked by their own `build_` functions."""


def check_module_names(cfg: CfgNode) -> None:
    """Refuse names that are not registered.

    Raises:
        ConfigError: for the first such name; the message has the most similar ones that are.
    """
    for key, (registry, besides) in MODULES.items():
        name = functools.reduce(operator.getitem, key.split("."), cfg)
        if name in registry or name in besides:
            continue
        known = sorted([*(known for known, _ in registry), *besides])
        similar = difflib.get_close_matches(str(name), known, n=3) or known
        raise ConfigError(
            f"{key} is {name!r}, which is not registered; did you mean {' or '.join(similar)}?"
        )
