"""The memory that a step needs at its peak."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Callable
from pathlib import Path

import torch
from torch.profiler import ProfilerActivity, profile


def peak_bytes(step: Callable[[], object], device: torch.device) -> int:
    """The most bytes that a step has in use at once, above what was in use before it.

    On a GPU it is the peak of PyTorch's allocator. On a CPU it is the peak of the running sum of
    all that PyTorch's allocator gives out and takes back, as the profiler writes it down: buffers
    within kernels are counted, and two runs give the same number, which the resident size of a
    process does not (it holds what libraries keep for later). Scratch memory that oneDNN gets
    from the system by itself is not seen.

    Args:
        step: called once. What it returns is dropped before the end of the count.
        device: where it computes.
    """
    if device.type == "cuda":
        torch.cuda.synchronize(device)
        torch.cuda.reset_peak_memory_stats(device)
        before = torch.cuda.memory_allocated(device)
        step()
        torch.cuda.synchronize(device)
        return torch.cuda.max_memory_allocated(device) - before
    with profile(
        activities=[ProfilerActivity.CPU], profile_memory=True, acc_events=True
    ) as profiler:
        step()
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "trace.json")
        profiler.export_chrome_trace(str(path))
        events = json.loads(path.read_text())["traceEvents"]
    changes = [event for event in events if event.get("name") == "[memory]"]
    in_use = peak = 0
    for event in sorted(changes, key=lambda event: event["ts"]):
        in_use += event["args"]["Bytes"]
        peak = max(peak, in_use)
    return peak
