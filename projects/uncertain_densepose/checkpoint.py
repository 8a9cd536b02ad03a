"""Checkpoints of every kind, read without running the code that a file may hold."""

from __future__ import annotations

import hashlib
import os
import pickle
import re
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import torch
from detectron2.checkpoint import DetectionCheckpointer
from fvcore.common.checkpoint import Checkpointer
from safetensors import SafetensorError
from safetensors.torch import load_file
from torch.nn.modules.utils import consume_prefix_in_state_dict_if_present

from .atomic_file import replacing
from .modeling.chart_predictor import NoiseModelMismatch
from .modeling.parent_weights import start_from_parent
from .restricted_pickle import MALFORMED, RestrictedPickleError, load_arrays
from .weights_address import WeightsError, check_weights_address

AUTHOR = "uncertain_densepose"
"""`__author__` of our own files in Detectron2's form, `.pkl`."""

HASH_IN_NAME = re.compile(r"model_final_([0-9a-f]{6,64})\.[a-z]+")
"""The first digits of its SHA-256 in the name of a released file, unlike those of an iteration in
`model_0019999`."""


SAVED_NAME = re.compile(r"model_(\d{7}|final)\.pth")
"""Of the checkpoints of a training."""


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
    if not zipfile.is_zipfile(path):
        return
    try:
        with zipfile.ZipFile(path) as archive:
            damaged = archive.testzip()
    except (*MALFORMED, zipfile.BadZipFile, NotImplementedError, RuntimeError) as error:
        damaged = type(error).__name__
    if damaged is not None:
        raise WeightsError(f"{path}: the file is damaged ({damaged}); get it again")


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


class _Unusable(ValueError):
    """Weights that leave a part of a model as it was made, or are not finite."""


def _check_finite(weights: dict[str, Any]) -> None:
    """Refuse weights of a training that diverged.

    Raises:
        _Unusable: a value is NaN or infinite.
    """
    for name, values in weights.items():
        if not isinstance(values, (torch.Tensor, np.ndarray)):
            continue
        tensor = torch.as_tensor(values)
        if tensor.is_floating_point() and not torch.isfinite(tensor).all():
            raise _Unusable(
                f"{name} has values that are not finite: the training that made it diverged; "
                "take an earlier checkpoint"
            )


class _TensorsAlone(Checkpointer):
    """Torch's own form, of which `DetectionCheckpointer` asks the class that follows it."""

    def _load_file(self, f: str) -> dict[str, Any]:
        return read_torch_checkpoint(f)


class SafeCheckpointer(DetectionCheckpointer, _TensorsAlone):
    """Detectron2's checkpointer, which runs nothing that a file asks for and also reads
    `.safetensors`.

    Files are `.pth` (torch), `.pkl` (Detectron2's model zoo, Detectron, Caffe2), `.pyth` (pycls)
    and `.safetensors`; numbers of another precision than the model's are converted. A file that was
    released by this project is compared with the hash in its name.

    Raises:
        WeightsError: by `load`, for a file that is missing or damaged, or asks to run something,
            and for the weights of another noise model.
    """

    def load(self, path: str, *args, **kwargs) -> dict[str, Any]:
        if path:
            check_weights_address(path)
        try:
            return super().load(path, *args, **kwargs)
        except (NoiseModelMismatch, _Unusable) as error:
            raise WeightsError(f"{path}: {error}") from error
        finally:
            # Detectron2 leaves it behind when a file cannot be read, and then refuses the next.
            self._parsed_url_during_load = None

    def save(self, name: str, **kwargs) -> None:
        """Write `<save_dir>/<name>.pth`, whole or not at all, and tag it as the last.

        Raises:
            WeightsError: the weights are not finite, or there is no room for the file; what was
                saved before stays.
        """
        if not self.save_dir or not self.save_to_disk:
            return
        path = Path(self.save_dir, f"{name}.pth")
        weights = self.model.state_dict()
        try:
            _check_finite(weights)
            states = {key: part.state_dict() for key, part in self.checkpointables.items()}
            self.logger.info(f"Saving checkpoint to {path}")
            with replacing(path) as temporary:
                torch.save({"model": weights, **states, **kwargs}, temporary)
            self.tag_last_checkpoint(path.name)
        except _Unusable as error:
            raise WeightsError(f"{path} is not saved: {error}") from error
        except (OSError, RuntimeError) as error:
            # Torch's writer hides that of the system behind a RuntimeError.
            raise WeightsError(
                f"{path} cannot be saved ({error}); earlier checkpoints are as they were"
            ) from error

    def tag_last_checkpoint(self, last_filename_basename: str) -> None:
        """Note the file that :meth:`resume` begins with."""
        with replacing(Path(self.save_dir, "last_checkpoint")) as temporary:
            temporary.write_text(last_filename_basename, encoding="utf-8")

    def has_checkpoint(self) -> bool:
        """Whether the output folder has a checkpoint, tagged as the last or not."""
        return bool(self._checkpoints())

    def get_checkpoint_file(self) -> str:
        """The path of the last checkpoint, "" without one.

        Raises:
            WeightsError: `last_checkpoint` names anything but a file beside it.
        """
        return next(iter(self._checkpoints()), "")

    def _checkpoints(self) -> list[str]:
        """All checkpoints of the output folder, the last one first."""
        if not self.save_dir or not os.path.isdir(self.save_dir):
            return []
        folder = Path(self.save_dir)
        files = [path for path in folder.glob("model_*.pth") if SAVED_NAME.fullmatch(path.name)]
        age = {path: (path.stat().st_mtime_ns, path.name) for path in files}
        newest_first = sorted(files, key=age.__getitem__, reverse=True)
        tag = folder / "last_checkpoint"
        if tag.is_file():
            name = tag.read_text(encoding="utf-8", errors="replace").strip()
            if name != os.path.basename(name) or not name.endswith(".pth"):
                raise WeightsError(
                    f"{tag}: {name[:80]!r} is not the name of a checkpoint beside it"
                )
            newest_first = [folder / name, *(path for path in newest_first if path.name != name)]
        return [str(path) for path in newest_first]

    def resume(self) -> dict[str, Any]:
        """Load the last checkpoint of the output folder, or the one before if it is damaged.

        Returns:
            As :meth:`load`.

        Raises:
            WeightsError: none can be used.
        """
        complaints = []
        for path in self._checkpoints():
            try:
                return self.load(path)
            except WeightsError as error:
                complaints.append(str(error))
                self.logger.warning(f"{error}; goes on with the checkpoint before")
        raise WeightsError(
            f"{self.save_dir}: none of its {len(complaints)} checkpoints can be resumed from; "
            f"the last: {complaints[0]}"
        )

    def _load_model(self, checkpoint: dict[str, Any]):
        weights = checkpoint["model"]
        _check_finite(weights)
        shapes = {name: tuple(values.shape) for name, values in weights.items()}
        try:
            return super()._load_model(checkpoint)
        except NoiseModelMismatch as error:
            # Weights of another shape are left out before the noise models are compared.
            own = {name: tuple(values.shape) for name, values in self.model.state_dict().items()}
            other = [name for name in own if shapes.get(name, own[name]) != own[name]]
            if not any(name.endswith(".u_lowres.weight") for name in other):
                raise
            raise _Unusable(
                f"{len(other)} weights have another shape than the config's model, such as "
                f"{other[0]}: {shapes[other[0]]}, not {own[other[0]]}; use the config that the "
                "weights were trained with"
            ) from error

    def _load_file(self, filename: str) -> dict[str, Any]:
        read = READERS.get(os.path.splitext(filename)[1], super()._load_file)
        return read(filename)


class TrainedCheckpointer(SafeCheckpointer):
    """To evaluate and to predict: refuses weights that leave any part of the model as it was made,
    such as those of a backbone."""

    def _load_model(self, checkpoint: dict[str, Any]):
        incompatible = super()._load_model(checkpoint)
        parameters = {name for name, _ in self.model.named_parameters()}
        missing = sorted(parameters.intersection(incompatible.missing_keys))
        if missing:
            raise _Unusable(
                f"{len(missing)} of the model's {len(parameters)} parameters are not among the "
                f"weights, or of another shape there, such as {missing[-1]}; give the weights of "
                "a whole model, trained with this config"
            )
        return incompatible


class ParentCheckpointer(SafeCheckpointer):
    """For the start of a training: also takes the weights of a simpler noise model, the parent, see
    `modeling.parent_weights`. To evaluate, `SafeCheckpointer` refuses such weights.
    """

    def _load_model(self, checkpoint: dict[str, Any]):
        # Of a model that was saved in its parallel form.
        consume_prefix_in_state_dict_if_present(checkpoint["model"], "module.")
        checkpoint["model"] = start_from_parent(self.model, checkpoint["model"])
        return super()._load_model(checkpoint)


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
        return content | {"model": _tensors(content["model"])}
    blobs = content.get("blobs", content)
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
        return {"model": load_file(path)}
    except SafetensorError as error:
        raise WeightsError(
            f"{path}: this is not a complete safetensors file ({error}); get it again"
        ) from error


READERS: dict[str, Callable[[str], dict[str, Any]]] = {
    ".pkl": _read_pickle,
    ".pyth": _read_pycls,
    ".safetensors": _read_safetensors,
}
"""How to read a checkpoint, by the end of its name; all others are torch's own."""
