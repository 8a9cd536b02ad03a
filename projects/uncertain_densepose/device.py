"""Where models run."""

from __future__ import annotations

from collections.abc import Callable

import torch

from .config import ConfigError

ACCELERATORS: dict[str, Callable[[], bool]] = {
    "cuda": torch.cuda.is_available,
    "mps": torch.backends.mps.is_available,
}
"""Kinds of accelerators and whether there is one, in the order of preference."""


def usable_device(device: str | torch.device | None) -> str:
    """The name of a device; without a name, the first of `ACCELERATORS` present, or the CPU.

    Raises:
        ConfigError: torch knows no such device, or has none here.
    """
    if device is None:
        return next((kind for kind, is_there in ACCELERATORS.items() if is_there()), "cpu")
    device = str(device)
    try:
        kind, index = torch.device(device).type, torch.device(device).index
    except RuntimeError as error:
        raise ConfigError(f"device {device!r} is unknown to torch; try cpu or cuda") from error
    if kind in ACCELERATORS and not ACCELERATORS[kind]():
        raise ConfigError(f"device {device!r}: torch finds no {kind} here; use cpu")
    if kind not in ("cpu", *ACCELERATORS):
        raise ConfigError(f"device {device!r}: models do not run on a {kind}; try cpu or cuda")
    count = torch.cuda.device_count()
    if kind == "cuda" and (index or 0) >= count:
        raise ConfigError(f"device {device!r}: the GPUs here are cuda:0..cuda:{count - 1}")
    return device
