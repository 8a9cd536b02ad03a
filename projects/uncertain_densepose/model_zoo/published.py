"""Models that DensePose's authors published: their files stay where the authors keep them."""

from __future__ import annotations

import dataclasses
import json
import os
from collections.abc import Mapping
from pathlib import Path

from detectron2.utils.file_io import PathManager

from ..weights_address import cached_path
from ..weights_file import WeightsError, check_named_hash


@dataclasses.dataclass(frozen=True)
class PublishedModel:
    """A model of DensePose's own zoo.

    Attributes:
        address: https address of its file, `.pkl` in Detectron2's form.
        sha256_begins: the first six hexadecimal digits of the file's SHA-256, which are also in its
            name.
        model_id: the authors' number of the training.
        metrics: {task: {"AP": value}}, as the authors published them; not measured here.
        licence: of the weights.
        source: address of the authors' page.
    """

    address: str
    sha256_begins: str
    model_id: str
    metrics: Mapping[str, Mapping[str, float]]
    licence: str
    source: str

    @property
    def file(self) -> str:
        """The name of the file."""
        return self.address.rpartition("/")[2]

    @property
    def cached(self) -> Path:
        """Where the file is once it is downloaded, see `cached_path`."""
        return cached_path(self.address)

    def local_file(self, root: str | os.PathLike[str] | None = None) -> str:
        """The path of the file, downloaded if it is not in the cache, and compared with the hash in
        its name.

        Args:
            root: a folder that has the file, for machines that cannot download it.

        Raises:
            WeightsError: the file is not in `root`, cannot be downloaded, or is damaged.
        """
        path = self._downloaded() if root is None else os.path.join(root, self.file)
        if not os.path.isfile(path):
            raise WeightsError(f"{path}: no such file; get it from {self.address}")
        check_named_hash(path)
        return path

    def _downloaded(self) -> str:
        try:
            return PathManager.get_local_path(self.address)
        except OSError as error:
            reason = " ".join(str(error).split()) or type(error).__name__
            raise WeightsError(
                f"{self.address}: cannot be downloaded ({reason}); get the file in another way and "
                f"put it at {self.cached}, or give its path: `Predictor(config, weights)`, or "
                "--config-file and --weights"
            ) from error


def read_published(index: Path) -> dict[str, PublishedModel]:
    """The published models of a zoo by name.

    Args:
        index: JSON with `models`, and what all of them share: `licence` and `source`.
    """
    content = json.loads(index.read_text(encoding="utf-8"))
    models = content.pop("models")
    return {name: PublishedModel(**model, **content) for name, model in models.items()}
