"""From a training checkpoint to files that can be given away."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from pathlib import Path

import torch
import yaml
from detectron2.checkpoint import DetectionCheckpointer
from detectron2.config import CfgNode, get_cfg
from detectron2.modeling import build_model
from torch import nn

from uncertain_densepose.checkpoint import TrainedCheckpointer
from uncertain_densepose.config import add_uncertain_densepose_config
from uncertain_densepose.engine import Trainer
from uncertain_densepose.engine.train_record import TrainRecord
from uncertain_densepose.errors import UserError
from uncertain_densepose.model_zoo.weight_files import (
    Weights,
    write_pickled_weights,
    write_safetensors,
)
from uncertain_densepose.model_zoo.zoo import Release
from uncertain_densepose.weights_file import read_torch_checkpoint, sha256_of

from ..flat_keys import flat_keys
from .limits import MAX_SHIPPED_BYTES
from .page import COLUMNS

Metrics = Mapping[str, Mapping[str, float | None]]

NOT_OF_THE_MODEL = {
    "CUDNN_BENCHMARK",
    "DATALOADER.NUM_WORKERS",
    "MODEL.DEVICE",
    "OUTPUT_DIR",
    "SEED",
    "SOLVER.CHECKPOINT_PERIOD",
    "TEST.EVAL_PERIOD",
    "VIS_PERIOD",
}
"""Keys that may differ between a config and the training of its model."""


class ReleaseError(UserError, ValueError):
    """Why a checkpoint cannot be released; the message names the file."""


def make_release(
    cfg: CfgNode,
    checkpoint: str | os.PathLike,
    stated: Metrics,
    folder: Path,
    half: bool,
    licence: str,
    address: str,
) -> Release:
    """Write the files of a release and verify them.

    Args:
        cfg: of the model, with the device to evaluate on.
        checkpoint: `model_final.pth` of its training.
        stated: the metrics that the training ended with.
        folder: for the files of weights.
        half: see `stored`.
        licence, address: see `Release`.

    Raises:
        ReleaseError, WeightsError: the checkpoint belongs to another config, is damaged or too
            large to ship, or the released file does not reach the stated metrics.
    """
    weights, record = read_checkpoint(checkpoint)
    check_training(checkpoint, cfg, record)
    check_weights(checkpoint, weights, build_model(cfg))
    weights = stored(checkpoint, weights, half)
    file, pickle_file = write_safetensors(weights, folder), write_pickled_weights(weights, folder)
    if not address and file.stat().st_size > MAX_SHIPPED_BYTES:
        raise ReleaseError(
            f"{checkpoint}: its weights are {file.stat().st_size / 1e6:.1f} MB, the package takes "
            f"{MAX_SHIPPED_BYTES / 1e6:.0f}; use half precision, a narrower model, or an address"
        )
    model, metrics = load_and_evaluate(file, cfg, folder / "evaluation")
    check_pickle(pickle_file, cfg, model)
    check_metrics(stated, metrics)
    return Release(
        file=file.name,
        address=address,
        sha256=sha256_of(file),
        pickle_file=pickle_file.name,
        pickle_sha256=sha256_of(pickle_file),
        licence=licence,
        training={key: value for key, value in record.items() if key != "config"},
        metrics=metrics,
    )


def read_checkpoint(path: str | os.PathLike) -> tuple[dict[str, torch.Tensor], dict]:
    """What a checkpoint of a training holds of the model, and what made it.

    Args:
        path: `model_final.pth` in the output folder of a training.

    Returns:
        The weights, and the record, see `TrainRecord.state_dict`.

    Raises:
        ReleaseError: it has no such record.
        WeightsError: it cannot be read, or asks to run something.
    """
    content = read_torch_checkpoint(os.fspath(path))
    record = content.get("trainer", {}).get("hooks", {}).get(TrainRecord.__qualname__)
    if record is None:
        raise ReleaseError(
            f"{path}: does not say what made it; give the model_final.pth that tools/train_net.py "
            "wrote, with its optimizer"
        )
    return content["model"], record


def check_training(path: str | os.PathLike, cfg: CfgNode, record: Mapping) -> None:
    """Compare the config that a checkpoint was trained with to another one.

    A key that is newer than the training may have its default, which leaves the model as it was.

    Raises:
        ReleaseError: it belongs to another config, or its training has not finished.
    """
    defaults = get_cfg()
    add_uncertain_densepose_config(defaults)
    stated, default = (flat_keys(yaml.safe_load(one.dump())) for one in (cfg, defaults))
    trained = default | flat_keys(yaml.safe_load(record["config"]))
    different = [
        f"{key} {trained.get(key)!r}, not {stated.get(key)!r}"
        for key in sorted((stated.keys() | trained.keys()) - NOT_OF_THE_MODEL)
        if stated.get(key) != trained.get(key)
    ]
    if different:
        more = f" and {len(different) - 3} more" if len(different) > 3 else ""
        raise ReleaseError(
            f"{path}: was trained with another config, with {'; '.join(different[:3])}{more}"
        )
    if record["iterations"] != cfg.SOLVER.MAX_ITER:
        raise ReleaseError(
            f"{path}: stopped at iteration {record['iterations']} of {cfg.SOLVER.MAX_ITER}; "
            "finish the training with --resume"
        )


def check_weights(path: str | os.PathLike, weights: Weights, model: nn.Module) -> None:
    """Compare weights with the model of a config.

    Raises:
        ReleaseError: tensors are missing, superfluous, of another shape or not finite.
    """
    shape = {name: tuple(values.shape) for name, values in weights.items()}
    expected = {name: tuple(values.shape) for name, values in model.state_dict().items()}
    different = sorted(
        name for name in shape.keys() | expected.keys() if shape.get(name) != expected.get(name)
    )
    if different:
        raise ReleaseError(
            f"{path}: {len(different)} tensors are not those of the config's model, such as "
            f"{different[0]}: {shape.get(different[0])}, not {expected.get(different[0])}"
        )
    for name, values in weights.items():
        if not values.isfinite().all():
            raise ReleaseError(f"{path}: {name} has values that are not finite")


def stored(path: str | os.PathLike, weights: Weights, half: bool) -> dict[str, torch.Tensor]:
    """Weights as they are written.

    Args:
        path: where they are from.
        weights: tensors by name.
        half: store tensors of two or more dimensions in half precision. Vectors keep theirs: they
            take little space, and a running variance may exceed the range.

    Raises:
        ReleaseError: a value leaves the range of half precision.
    """
    if not half:
        return {name: values.contiguous() for name, values in weights.items()}
    halved = {
        name: (values.half() if values.ndim > 1 else values).contiguous()
        for name, values in weights.items()
    }
    for name, values in halved.items():
        if not values.isfinite().all():
            raise ReleaseError(f"{path}: {name} leaves the range of half precision")
    return halved


def check_pickle(path: Path, cfg: CfgNode, model: nn.Module) -> None:
    """Load the `.pkl` with Detectron2's own checkpointer and compare it with a model.

    Raises:
        ReleaseError: the two differ.
    """
    other = build_model(cfg)
    DetectionCheckpointer(other).load(str(path))
    state = other.state_dict()
    for name, values in model.state_dict().items():
        if not torch.equal(values, state[name]):
            raise ReleaseError(f"{path}: {name} is not that of the .safetensors file")


def load_and_evaluate(path: Path, cfg: CfgNode, folder: Path) -> tuple[nn.Module, Metrics]:
    """Load a released file into a fresh model and evaluate it.

    Args:
        path: the `.safetensors`.
        cfg: of the model; its one data set of `DATASETS.TEST` is evaluated on.
        folder: for what the evaluation writes.

    Returns:
        The model, and what `metrics_<data set>.json` says.
    """
    running = cfg.clone()
    running.MODEL.WEIGHTS = str(path)
    running.OUTPUT_DIR = str(folder)
    model = build_model(running)
    TrainedCheckpointer(model).load(str(path))
    Trainer.evaluate(running, model)
    (name,) = running.DATASETS.TEST
    return model, json.loads((folder / f"metrics_{name}.json").read_text())


def check_metrics(stated: Metrics, measured: Metrics) -> None:
    """Compare what a released file reaches with what its training reached.

    Raises:
        ReleaseError: numbers of MODEL_ZOO.md differ by more than their tolerance, or one of the
            two lacks a number.
    """
    for column in COLUMNS:
        before, after = column.value(stated), column.value(measured)
        if before is None and after is None:
            continue
        if before is None or after is None or abs(before - after) > column.tolerance:
            raise ReleaseError(
                f"{column.task}/{column.metric} is {after} of the released file and {before} as "
                f"stated; they may differ by {column.tolerance}"
            )
