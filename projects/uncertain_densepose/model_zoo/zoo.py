"""A folder of models: their configs and releases."""

from __future__ import annotations

import dataclasses
import difflib
import json
import os
import shutil
from collections.abc import Mapping
from pathlib import Path

from detectron2.config import CfgNode
from detectron2.modeling import build_model
from detectron2.utils.file_io import PathManager
from safetensors.torch import load_file
from torch import nn

from ..checkpoint import SafeCheckpointer, TrainedCheckpointer
from ..config import ConfigError, load_config
from ..device import usable_device
from ..weights_file import WeightsError, sha256_of
from .published import PublishedModel, read_published
from .weight_files import write_pickled_weights

NOT_MODELS = ("experiments",)
"""Folders with configs that are not models of the zoo."""


@dataclasses.dataclass(frozen=True)
class Release:
    """A released model.

    Attributes:
        file: name of its `.safetensors`, with the first six digits of `sha256`.
        address: the https address of the folder of both files, "" for the zoo's own folder.
        sha256: of the file, 64 hexadecimal digits.
        pickle_file, pickle_sha256: the same weights in Detectron2's form.
        licence: of the weights.
        training: the record of the training, `TrainRecord.state_dict` without the config.
        metrics: {task: {metric: value}} of the file on the test set of its config; None where
            there was nothing to measure.
    """

    file: str
    address: str
    sha256: str
    pickle_file: str
    pickle_sha256: str
    licence: str
    training: Mapping[str, str | int | float]
    metrics: Mapping[str, Mapping[str, float | None]]


class ModelZoo:
    """Models by name.

    Args:
        folder: has `configs/NAME.yaml`, `index.json` with the releases, `checkpoints/` for those
            that are not on the web, and perhaps `published.json` with models of DensePose's
            authors.
    """

    def __init__(self, folder: str | os.PathLike):
        self.folder = Path(folder)
        self.configs = self.folder / "configs"
        self.index = self.folder / "index.json"
        self.published_index = self.folder / "published.json"
        self.checkpoints = self.folder / "checkpoints"

    def names(self) -> list[str]:
        """The names of all models, released or not: of all configs but the `Base-` ones."""
        files = (path.relative_to(self.configs) for path in self.configs.rglob("*.yaml"))
        return sorted(
            file.with_suffix("").as_posix()
            for file in files
            if file.parts[0] not in NOT_MODELS and not file.name.startswith("Base-")
        )

    def releases(self) -> dict[str, Release]:
        """The releases by name."""
        rows = json.loads(self.index.read_text())
        return {name: Release(**row) for name, row in rows.items()}

    def published(self) -> dict[str, PublishedModel]:
        """The models of DensePose's authors by name."""
        if not self.published_index.exists():
            return {}
        return read_published(self.published_index)

    def get_config_file(self, name: str) -> str:
        """The path of a model's config.

        Args:
            name: one of `names`; it may end in .yaml, as in Detectron2.

        Raises:
            ConfigError: there is no such model.
        """
        return str(self.configs / f"{self._known(name)}.yaml")

    def get_config(self, name: str, trained: bool = False) -> CfgNode:
        """A model's config.

        Args:
            name: as of `get_config_file`.
            trained: whether `MODEL.WEIGHTS` is the released checkpoint; else it is what training
                starts from.

        Raises:
            ConfigError: there is no such model.
            WeightsError: with `trained`, as `get_checkpoint`.
        """
        cfg = load_config(self.get_config_file(name))
        if trained:
            cfg.MODEL.WEIGHTS = self.get_checkpoint(name)
        return cfg

    def get_checkpoint(self, name: str, root: str | os.PathLike | None = None) -> str:
        """The path of a model's released checkpoint, whose SHA-256 is checked every time.

        It is in the package or is downloaded once into iopath's cache (`$FVCORE_CACHE`, by default
        ~/.torch/iopath_cache). Of the models of DensePose's authors only the first six digits of
        the SHA-256 are known.

        Args:
            name: as of `get_config_file`.
            root: a folder that has the file, for machines that cannot download it.

        Raises:
            ConfigError: there is no such model.
            WeightsError: it is not released, cannot be downloaded, or has another SHA-256.
        """
        name = self._known(name)
        if (published := self.published().get(name)) is not None:
            return published.local_file(root)
        release = self.releases().get(name)
        if release is None:
            raise WeightsError(
                f"{name}: no checkpoint of it has been released; train it with "
                f"`{self.training_command(name)}`"
            )
        path = self._local_file(name, release, root)
        if (found := sha256_of(path)) != release.sha256:
            raise WeightsError(
                f"{path}: its SHA-256 is {found}, that of the released {name} is {release.sha256}: "
                "the file is damaged or was changed; delete it and get it again"
            )
        return path

    def write_pickle(self, name: str, folder: str | os.PathLike = ".") -> str:
        """Write a model's released weights in the form of Detectron2's own tools.

        Args:
            name: as of `get_config_file`.
            folder: for `model_final_<6 digits>.pkl`.

        Returns:
            Its path.

        Raises:
            ConfigError, WeightsError: as `get_checkpoint`; or the written file has another SHA-256.
        """
        checkpoint = self.get_checkpoint(name)
        if self._known(name) in self.published():
            return str(shutil.copy(checkpoint, folder))
        path = write_pickled_weights(load_file(checkpoint), Path(folder))
        if (found := sha256_of(path)) != (of := self.releases()[self._known(name)].pickle_sha256):
            raise WeightsError(f"{path}: its SHA-256 is {found}, that of the release is {of}")
        return str(path)

    def get(self, name: str, trained: bool = True, device: str | None = None) -> nn.Module:
        """A model, in training mode as Detectron2's `model_zoo.get` has it.

        Args:
            name: as of `get_config_file`.
            trained: whether with the released weights; else with those that training starts from.
            device: see `usable_device`.

        Raises:
            ConfigError: as `get_config` and `usable_device`.
            WeightsError: as `get_config`.
        """
        cfg = self.get_config(name, trained)
        cfg.MODEL.DEVICE = usable_device(device)
        model = build_model(cfg)
        checkpointer = TrainedCheckpointer if trained else SafeCheckpointer
        checkpointer(model).load(cfg.MODEL.WEIGHTS)
        return model

    def training_command(self, name: str) -> str:
        """The command that trains a model."""
        return f"tools/train_net.py --config-file configs/{self._known(name)}.yaml SEED 1"

    def add(self, name: str, release: Release, folder: str | os.PathLike) -> None:
        """Put a release into the index, in place of an earlier one of the model.

        Args:
            name: of the model.
            release: the entry of the index.
            folder: has its file. Without an address, the file is copied into the zoo; an earlier
                one is deleted.

        Raises:
            ConfigError: there is no such model.
        """
        releases = self.releases()
        earlier = releases.get(self._known(name))
        if earlier is not None and not earlier.address:
            (self.checkpoints / earlier.file).unlink(missing_ok=True)
        if not release.address:
            self.checkpoints.mkdir(exist_ok=True)
            shutil.copyfile(Path(folder, release.file), self.checkpoints / release.file)
        releases[name] = release
        rows = {name: dataclasses.asdict(releases[name]) for name in sorted(releases)}
        self.index.write_text(json.dumps(rows, indent=1, allow_nan=False) + "\n")

    def _known(self, name: str) -> str:
        name, names = name.removesuffix(".yaml"), self.names()
        if name not in names:
            similar = difflib.get_close_matches(name, names, n=3, cutoff=0.4)
            hint = f"did you mean {' or '.join(similar)}?" if similar else "see model_zoo.names()"
            raise ConfigError(f"{name!r}: no such model in the zoo; {hint}")
        return name

    def _local_file(self, name: str, release: Release, root: str | os.PathLike | None) -> str:
        if root is not None:
            path = os.path.join(root, release.file)
        elif not release.address:
            path = str(self.checkpoints / release.file)
        else:
            try:
                return PathManager.get_local_path(f"{release.address}/{release.file}")
            except OSError as error:
                raise WeightsError(
                    f"{release.address}/{release.file}: {name} cannot be downloaded ({error}); get "
                    "the file in another way and pass its folder as `root`"
                ) from error
        if not os.path.isfile(path):
            raise WeightsError(f"{path}: the checkpoint of {name} is missing; get it again")
        return path
