"""The record of a training, kept in its checkpoints for whoever releases the weights."""

from __future__ import annotations

import platform
import resource
import subprocess
import sys
import time
from pathlib import Path

import torch
from detectron2.config import CfgNode
from detectron2.engine import HookBase
from detectron2.utils import comm

UNKNOWN_COMMIT = "unknown"


class TrainRecord(HookBase):
    """Measures a training. `state_dict` is the record: every checkpoint has it under
    `["trainer"]["hooks"]["TrainRecord"]`, and a resumed training continues it.

    It must be registered before the hook that saves checkpoints.

    Args:
        cfg: the config of the training.
    """

    def __init__(self, cfg: CfgNode):
        self._config = cfg.dump()
        self._seed = cfg.SEED
        self._device = torch.device(cfg.MODEL.DEVICE)
        self._seconds = 0.0
        self._peak_memory_mib = 0.0
        self._commit = source_commit(Path(__file__))

    def before_step(self) -> None:
        self._step_began = time.perf_counter()

    def after_step(self) -> None:
        self._seconds += time.perf_counter() - self._step_began
        self._peak_memory_mib = max(self._peak_memory_mib, peak_memory_mib(self._device))

    def state_dict(self) -> dict:
        """The record.

        Returns:
            config: yaml. seed: -1 for a random one. commit: see `source_commit`. iterations.
            seconds: of all steps, without evaluations and checkpoints. peak_memory_mib: of the
            first process, see `peak_memory_mib`. processes: their number. device: its name.
        """
        return {
            "config": self._config,
            "seed": self._seed,
            "commit": self._commit,
            "iterations": self.trainer.iter + 1,
            "seconds": self._seconds,
            "peak_memory_mib": self._peak_memory_mib,
            "processes": comm.get_world_size(),
            "device": device_name(self._device),
        }

    def load_state_dict(self, record: dict) -> None:
        """Continue the record of an interrupted training."""
        self._seconds = record["seconds"]
        self._peak_memory_mib = record["peak_memory_mib"]


def source_commit(file: Path) -> str:
    """The commit of the repository that tracks a file: twelve digits, and "-dirty" if files differ
    from it; `UNKNOWN_COMMIT` if no repository tracks the file."""
    folder = file.resolve().parent
    tracked = ["git", "ls-files", "--error-unmatch", file.name]
    # Tags are excluded: their names would replace the digits.
    describe = ["git", "describe", "--always", "--dirty", "--abbrev=12", "--exclude=*"]
    try:
        subprocess.run(tracked, cwd=folder, capture_output=True, check=True)
        found = subprocess.run(describe, cwd=folder, capture_output=True, check=True, text=True)
    except (OSError, subprocess.CalledProcessError):
        return UNKNOWN_COMMIT
    return found.stdout.strip()


def peak_memory_mib(device: torch.device) -> float:
    """Peak memory so far, MiB: of tensors on a GPU, else of the whole process."""
    if device.type == "cuda":
        return torch.cuda.max_memory_allocated(device) / 2**20
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    # In bytes on macOS, in KiB elsewhere.
    return peak / 2**20 if sys.platform == "darwin" else peak / 2**10


def device_name(device: torch.device) -> str:
    """The name of a GPU, or the kind of CPU and the number of threads."""
    if device.type == "cuda":
        return torch.cuda.get_device_name(device)
    return f"{platform.machine()} {device.type}, {torch.get_num_threads()} threads"
