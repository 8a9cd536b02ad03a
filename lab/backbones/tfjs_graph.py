"""Convolutions of a TensorFlow.js graph model."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np

_OPERATIONS = {
    "_FusedConv2D": False,
    "FusedDepthwiseConv2dNative": True,
    "DepthwiseConv2dNative": True,
}
"""Those that convolve, and whether each channel by itself."""


@dataclass(frozen=True)
class Convolution:
    """One of the graph.

    Attributes:
        name: of its node.
        weight: (outputs, inputs or 1, height, width), as torch has it.
        bias: (outputs,), or None.
    """

    name: str
    weight: np.ndarray
    bias: np.ndarray | None


def convolutions(model: bytes, weights: bytes) -> Iterator[Convolution]:
    """The convolutions, in the order of their computation, in the precision of the file.

    Args:
        model: the .json file. weights: the .bin file that belongs to it.

    Raises:
        ValueError: the weights are not as long as the model says, or not in half precision.
    """
    content = json.loads(model)
    arrays = _arrays(content["weightsManifest"], weights)
    for node in content["modelTopology"]["node"]:
        if node["op"] not in _OPERATIONS:
            continue
        _, kernel, *bias = node["input"]
        # (height, width, inputs, outputs), or (height, width, channels, 1).
        axes = (2, 3, 0, 1) if _OPERATIONS[node["op"]] else (3, 2, 0, 1)
        yield Convolution(
            node["name"], arrays[kernel].transpose(axes), arrays[bias[0]] if bias else None
        )


def _arrays(manifest: list[Mapping], weights: bytes) -> dict[str, np.ndarray]:
    arrays, at = {}, 0
    for entry in (entry for group in manifest for entry in group["weights"]):
        kind = entry.get("quantization", entry)["dtype"]
        if kind not in ("float16", "int32"):
            raise ValueError(f"{entry['name']} is in {kind}, expected float16")
        count = math.prod(entry["shape"])
        values = np.frombuffer(weights, kind, count, at)
        arrays[entry["name"]] = values.reshape(entry["shape"])
        at += values.nbytes
    if at != len(weights):
        raise ValueError(f"the weights have {len(weights)} bytes, the model describes {at}")
    return arrays
