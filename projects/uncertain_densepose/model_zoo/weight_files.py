"""Released weights as files, in two equivalent forms."""

from __future__ import annotations

import pickle
from collections.abc import Mapping
from pathlib import Path

import torch
from safetensors.torch import save_file

from ..weights_file import AUTHOR, sha256_of

Weights = Mapping[str, torch.Tensor]


def write_safetensors(weights: Weights, folder: Path) -> Path:
    """Write `model_final_<6 digits of its SHA-256>.safetensors`; returns its path."""
    path = folder / "model_final.safetensors"
    save_file(dict(weights), path, metadata={"format": "pt"})
    return _named_by_hash(path)


def write_pickled_weights(weights: Weights, folder: Path) -> Path:
    """Write `model_final_<6 digits of its SHA-256>.pkl`, as in Detectron2's model zoo; returns its
    path.

    The bytes do not depend on the order of the weights.
    """
    path = folder / "model_final.pkl"
    arrays = {name: weights[name].numpy() for name in sorted(weights)}
    content = {"model": arrays, "__author__": AUTHOR, "matching_heuristics": False}
    path.write_bytes(pickle.dumps(content, protocol=4))
    return _named_by_hash(path)


def _named_by_hash(path: Path) -> Path:
    return path.rename(path.with_stem(f"{path.stem}_{sha256_of(path)[:6]}"))
