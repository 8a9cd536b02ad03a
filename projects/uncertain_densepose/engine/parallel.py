"""A model in several processes, on GPUs or CPUs."""

from __future__ import annotations

import torch
from detectron2.engine.defaults import create_ddp_model
from detectron2.utils import comm
from torch import nn
from torch.nn.parallel import DistributedDataParallel


def parallel_model(model: nn.Module, **options) -> nn.Module:
    """The model as each of several processes trains it; the model itself in a single process.

    Args:
        model: on the device of this process.
        options: of `create_ddp_model`.
    """
    if next(model.parameters()).device.type == "cpu":
        # Otherwise Detectron2 sets it to the GPU of the process.
        options["device_ids"] = None
    return create_ddp_model(model, **options)


def without_wrapper(model: nn.Module) -> nn.Module:
    """The model itself, given what `parallel_model` returned."""
    return model.module if isinstance(model, DistributedDataParallel) else model


def share_buffers(model: nn.Module) -> None:
    """Copy the buffers of the main process, whose checkpoints are saved, to all others.

    Each has its own statistics of batch normalisation, so without this the processes that test a
    model together would test different models.
    """
    if comm.get_world_size() == 1:
        return
    for buffer in model.buffers():
        torch.distributed.broadcast(buffer, src=0)


def any_process(flag: bool) -> bool:
    """Whether a flag is set in any of the processes that train together."""
    if comm.get_world_size() == 1:
        return flag
    backend = torch.distributed.get_backend()
    device = "cuda" if backend == "nccl" else "cpu"
    flags = torch.tensor(int(flag), device=device)
    torch.distributed.all_reduce(flags, op=torch.distributed.ReduceOp.MAX)
    return bool(flags)
