"""A model in several processes, on GPUs or without."""

from __future__ import annotations

import torch
from detectron2.engine.defaults import create_ddp_model
from detectron2.utils import comm
from torch import nn
from torch.nn.parallel import DistributedDataParallel


def parallel_model(model: nn.Module, **options) -> nn.Module:
    """The model as each of several processes trains it; alone, the model itself.

    Args:
        model: on the device of this process.
        options: of `create_ddp_model`.
    """
    if next(model.parameters()).device.type == "cpu":
        # Detectron2 names the GPU of the process otherwise.
        options["device_ids"] = None
    return create_ddp_model(model, **options)


def without_wrapper(model: nn.Module) -> nn.Module:
    """The model itself, of one that `parallel_model` returned."""
    return model.module if isinstance(model, DistributedDataParallel) else model


def share_buffers(model: nn.Module) -> None:
    """Give every process the buffers of the main one, whose checkpoints are saved.

    Each has its own statistics of batch normalisation, and processes that test a model together
    would test different ones.
    """
    if comm.get_world_size() == 1:
        return
    for buffer in model.buffers():
        torch.distributed.broadcast(buffer, src=0)
