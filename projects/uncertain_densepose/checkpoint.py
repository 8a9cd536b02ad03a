"""Detectron2's checkpointer, which reads and writes whole and finite weights alone."""

from __future__ import annotations

import os
import re
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs

import numpy as np
import torch
from detectron2.checkpoint import DetectionCheckpointer
from fvcore.common.checkpoint import Checkpointer
from torch.nn.modules.utils import consume_prefix_in_state_dict_if_present

from .archives import check_stored
from .atomic_file import replacing
from .modeling.chart_predictor import NoiseModelMismatch
from .modeling.parent_weights import start_from_parent
from .weights_address import check_weights_address
from .weights_file import (
    READERS,
    TORCH_SUFFIXES,
    WeightsError,
    check_released_hash,
    check_weights,
    read_torch_checkpoint,
    weights_suffix,
)

SAVED_NAME = re.compile(r"model_(\d{7}|final)\.pth")
"""Of the checkpoints of a training."""


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
        content = read_torch_checkpoint(f)
        if not isinstance(content, dict):
            raise WeightsError(f"{f}: not a checkpoint, it holds a {type(content).__name__}")
        return content


class SafeCheckpointer(DetectionCheckpointer, _TensorsAlone):
    """Detectron2's checkpointer, which runs nothing that a file asks for and also reads
    `.safetensors`.

    A file is read by its suffix alone: torch's (`TORCH_SUFFIXES`), `.pkl` (Detectron2's model zoo,
    Detectron, Caffe2), `.pyth` (pycls) or `.safetensors`; numbers of another precision than the
    model's are converted. A file that was released by this project is compared with its SHA-256,
    others with the hash in their names.

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

    def save_final(self, iteration: int) -> None:
        """Save `model_final` if a training that was killed after its last iteration did not.

        Args:
            iteration: the last one.
        """
        if not Path(self.save_dir, "model_final.pth").exists():
            self.save("model_final", iteration=iteration)

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
        suffix = weights_suffix(filename)
        read: Callable[[str], dict[str, Any]]
        if suffix in TORCH_SUFFIXES:
            # Detectron2's reader knows pickles by the suffixes of `READERS`, and leaves others to
            # the class that follows.
            read = super()._load_file
        elif suffix in READERS:
            read = READERS[suffix]
        else:
            known = " ".join(sorted((*READERS, *TORCH_SUFFIXES[1:])))
            raise WeightsError(
                f"{filename}: weights are read by their suffix, which is one of {known} or none"
            )
        check_released_hash(filename)
        self._check_query(filename)
        try:
            check_stored(filename)
        except zipfile.BadZipFile as error:
            raise WeightsError(
                f"{filename}: this is no whole checkpoint of torch ({error}); get it again"
            ) from error
        content = read(filename)
        check_weights(filename, content["model"])
        return content

    def _check_query(self, filename: str) -> None:
        """Refuse what Detectron2 does not know behind the "?" of an address."""
        address = self._parsed_url_during_load
        if address is None:
            return
        unknown = sorted(set(parse_qs(address.query)) - {"matching_heuristics"})
        if unknown and weights_suffix(filename) in TORCH_SUFFIXES:
            raise WeightsError(f"{address.geturl()}: nothing is known of '?{unknown[0]}='")


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
