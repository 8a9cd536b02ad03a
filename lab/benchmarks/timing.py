"""Timing contestants against each other on a machine that is not idle."""

from __future__ import annotations

import gc
import math
import statistics
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import torch

from uncertain_densepose.cli.progress import progress_bar


@dataclass(frozen=True)
class Timing:
    """The seconds that one call of a contestant took.

    Attributes:
        minimum: the least disturbed repeat, which ratios are taken of.
        median: over the repeats; far above the minimum, it tells of a busy machine.
    """

    minimum: float
    median: float


def interleaved(
    contestants: Mapping[str, Callable[[], object]],
    repeats: int,
    device: torch.device,
    least_seconds: float = 0.02,
) -> dict[str, Timing]:
    """Time calls in rounds, every contestant once a round, so that a slow spell meets them all.

    Args:
        contestants: by name, what is to be called. Each is called twice beforehand.
        repeats: rounds, at least 1.
        device: waited for where it is a GPU.
        least_seconds: a sample shorter than this is a mean over several calls.

    Returns:
        The time of one call, by name.
    """

    def sample(step: Callable[[], object], calls: int) -> float:
        _wait_for(device)
        start = time.perf_counter()
        for _ in range(calls):
            step()
        _wait_for(device)
        return (time.perf_counter() - start) / calls

    calls = {}
    total = (repeats + 1) * len(contestants)
    bar = progress_bar(desc=", ".join(contestants), total=total, unit="sample", leave=False)
    for name, step in contestants.items():
        sample(step, 1)
        calls[name] = max(1, math.ceil(least_seconds / sample(step, 1)))
        bar.update()
    samples: dict[str, list[float]] = {name: [] for name in contestants}
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        for _ in range(repeats):
            for name, step in contestants.items():
                samples[name].append(sample(step, calls[name]))
                bar.update()
            gc.collect()
    finally:
        bar.close()
        if was_enabled:
            gc.enable()
    return {name: Timing(min(taken), statistics.median(taken)) for name, taken in samples.items()}


def _wait_for(device: torch.device) -> None:
    if device.type == "cuda":
        torch.cuda.synchronize(device)
