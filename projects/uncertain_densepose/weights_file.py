"""Files of weights of every kind, read without running the code that they may hold."""

from __future__ import annotations

import hashlib
import os
import pickle
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import torch
from safetensors import SafetensorError
from safetensors.torch import load_file

from .archives import ArchiveError, check_safetensors_header, check_sums
from .released_files import released_hashes
from .restricted_pickle import MALFORMED, RestrictedPickleError, load_arrays
from .weights_address import WeightsError

AUTHOR = "uncertain_densepose"
"""`__author__` of our own files in Detectron2's form, `.pkl`."""

HASH_IN_NAME = re.compile(r"model_final_([0-9a-f]{6,64})\.[a-z]+")
"""The first digits of its SHA-256 in the name of a released file, unlike those of an iteration in
`model_0019999`."""


def sha256_of(path: str | os.PathLike) -> str:
    """The SHA-256 of a file, 64 hexadecimal digits."""
    return hashlib.sha256(Path(path).read_bytes()).hexdigest()


def check_named_hash(path: str | os.PathLike) -> None:
    """Compare a file with the hash in its name, if there is one.

    Raises:
        WeightsError: the hashes differ.
    """
    named = HASH_IN_NAME.fullmatch(os.path.basename(path))
    if named and not (found := sha256_of(path)).startswith(named[1]):
        raise WeightsError(
            f"{path}: its SHA-256 begins with {found[:8]}, not with the {named[1]} of its name: "
            "the file is damaged or has been changed; delete it and get it again"
        )


def check_archive(path: str) -> None:
    """Compare the content of a checkpoint with the checksums that torch wrote beside it.

    Torch itself reads damaged tensors without a word. Files of before torch 1.6 have no checksums.

    Raises:
        WeightsError: they differ.
    """
    try:
        check_sums(path)
    except ArchiveError as error:
        raise WeightsError(f"{path}: the file is damaged ({error}); get it again") from error


def check_released_hash(path: str | os.PathLike) -> None:
    """Compare a file that is named as one that the project released with the SHA-256 of that one.

    Raises:
        WeightsError: the file is another, or damaged.
    """
    expected = released_hashes().get(os.path.basename(path))
    if expected and (found := sha256_of(path)) != expected:
        raise WeightsError(
            f"{path}: its SHA-256 is {found}, that of the released file is {expected}: the file is "
            "damaged or has been changed; delete it and get it again"
        )


def read_torch_checkpoint(path: str) -> dict[str, Any]:
    """The content of a checkpoint of torch: tensors and plain values, in containers.

    Raises:
        WeightsError: it asks for anything else, which is not run, or it is damaged.
    """
    check_archive(path)
    try:
        return torch.load(path, map_location="cpu", weights_only=True)
    except (*MALFORMED, RuntimeError) as error:
        asked_for = re.search(r"GLOBAL (\S+)", str(error))
        if isinstance(error, pickle.UnpicklingError) and asked_for:
            raise WeightsError(
                f"{path}: refused, and nothing of it was run: this checkpoint asks for "
                f"{asked_for[1]}, which weights never do and which may be an attack; get the file "
                "again from a source that you trust, or ask its author for .safetensors"
            ) from None
        raise WeightsError(
            f"{path}: this is not a complete torch checkpoint ({type(error).__name__}); "
            "get it again"
        ) from error


def weights_suffix(path: str) -> str:
    """From the last dot of a file's name, in small letters; of `.pkl` it is ".pkl"."""
    _, dot, ending = os.path.basename(path).rpartition(".")
    return f"{dot}{ending}".lower() if dot else ""


def check_weights(path: str, weights: object) -> None:
    """Refuse what is no dictionary of tensors, or has tensors that claim more than the file holds.

    Raises:
        WeightsError: it is.
    """
    if not isinstance(weights, dict):
        raise WeightsError(
            f"{path}: its weights are a {type(weights).__name__}, not tensors by name"
        )
    for name, values in weights.items():
        if isinstance(values, np.ndarray):
            continue
        if not isinstance(values, torch.Tensor):
            raise WeightsError(f"{path}: {name!r} is a {type(values).__name__}, not a tensor")
        if values.layout is not torch.strided or values.is_quantized or values.is_meta:
            raise WeightsError(f"{path}: {name!r} is not a plain tensor")
        if values.numel() * values.element_size() > values.untyped_storage().nbytes():
            raise WeightsError(
                f"{path}: {name!r} claims the shape {tuple(values.shape)}, more than it holds"
            )


def _read_pickle(path: str) -> dict[str, Any]:
    """Detectron2's form, or the weights of Detectron and Caffe2 by their own names."""
    try:
        content = load_arrays(path)
    except RestrictedPickleError as error:
        raise WeightsError(str(error)) from error
    if not isinstance(content, dict):
        raise WeightsError(f"{path}: not a checkpoint, it holds a {type(content).__name__}")
    if "model" in content and "__author__" in content:
        if content["__author__"] == AUTHOR:
            check_named_hash(path)
        check_weights(path, content["model"])
        return content | {"model": _tensors(content["model"])}
    blobs = content.get("blobs", content)
    if not isinstance(blobs, dict) or not all(isinstance(name, str) for name in blobs):
        raise WeightsError(f"{path}: no checkpoint, it has no weights by name")
    weights = {name: blob for name, blob in blobs.items() if not name.endswith("_momentum")}
    return {"model": _tensors(weights), "__author__": "Caffe2", "matching_heuristics": True}


def _tensors(weights: dict[str, Any]) -> dict[str, Any]:
    """Weights with tensors for arrays, of the machine's byte order."""
    return {
        name: torch.from_numpy(values.astype(values.dtype.newbyteorder("=")))
        if isinstance(values, np.ndarray)
        else values
        for name, values in weights.items()
    }


def _read_pycls(path: str) -> dict[str, Any]:
    content = read_torch_checkpoint(path)
    if "model_state" not in content:
        raise WeightsError(f"{path}: no 'model_state', which checkpoints of pycls have")
    weights = {
        name: values
        for name, values in content["model_state"].items()
        if not name.endswith("num_batches_tracked")
    }
    return {"model": weights, "__author__": "pycls", "matching_heuristics": True}


def _read_safetensors(path: str) -> dict[str, Any]:
    check_named_hash(path)
    try:
        check_safetensors_header(path)
        return {"model": load_file(path)}
    except (SafetensorError, ArchiveError) as error:
        raise WeightsError(
            f"{path}: this is not a complete safetensors file ({error}); get it again"
        ) from error


READERS: dict[str, Callable[[str], dict[str, Any]]] = {
    ".pkl": _read_pickle,
    ".pyth": _read_pycls,
    ".safetensors": _read_safetensors,
}
"""How to read a checkpoint that is not torch's own, by its suffix in small letters."""

TORCH_SUFFIXES = ("", ".pth", ".pt", ".tar", ".th", ".bin", ".ckpt", ".torch", ".model")
"""Of torch's own checkpoints; an address without a suffix, or a file, has ""."""
