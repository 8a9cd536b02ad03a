"""Weights of the reported models of an experiment, kept for what is measured on them later."""

from __future__ import annotations

from pathlib import Path

import torch
from detectron2.config import CfgNode

from uncertain_densepose.weights_file import read_torch_checkpoint

from .crop_model import CropDensePose, build_crop_model
from .settings import ExperimentCell, ExperimentError


def weights_file(folder: str | Path, cell: ExperimentCell) -> Path:
    """Where the weights of a reported cell lie."""
    return Path(folder) / f"{cell.world}_{cell.model}_seed{cell.seed}.pth"


def save_weights(folder: str | Path, cell: ExperimentCell, model: CropDensePose) -> None:
    """Keep a cell's trained weights; the folder is made."""
    path = weights_file(folder, cell)
    path.parent.mkdir(parents=True, exist_ok=True)
    torch.save(model.state_dict(), path)


def load_trained_model(cfg: CfgNode, cell: ExperimentCell) -> CropDensePose:
    """A cell's trained model, in training mode.

    Args:
        cfg: of the cell, see `cell.cell_config`.
        cell: which.

    Raises:
        ExperimentError: its weights were not kept.
        WeightsError: their file is damaged, or asks to run something.
    """
    path = weights_file(cfg.EXPERIMENT.WEIGHTS_DIR, cell)
    if not path.is_file():
        raise ExperimentError(f"{path}: the weights of {cell} are not there; run its cell first")
    model = build_crop_model(cfg, cell.seed)
    model.load_state_dict(read_torch_checkpoint(str(path)))
    return model
