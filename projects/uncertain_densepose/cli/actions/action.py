"""What a subcommand of tools/apply_net.py implements."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from pathlib import Path, PurePath

import cv2
import numpy as np
from detectron2.config import CfgNode

from ...atomic_file import replacing
from ...errors import UserError
from ...inference import ImageSource, Person, SourceImage, VideoFile
from ...modeling.noise_models import build_noise_model
from ...surface import Surface
from ..image_run import ImageResults
from ..run_folder import RunFolder

_MAX_NAME_BYTES = 255
"""Of a file's name, on the usual file systems."""


class ActionError(UserError, ValueError):
    """Something that this model or these images do not allow. The message says why."""


class Action:
    """Writes results of every image; each file atomically.

    Args:
        out: the output folder.
    """

    longest_ending = ".webp"
    """Of the names of an image's results, after the image's name."""

    def __init__(self, out: Path):
        self.out = out

    def take_sources(self, sources: Sequence[ImageSource]) -> None:
        """Prepare for the images of a run; called once, before the model is loaded.

        Raises:
            ActionError: the images lack what the action needs.
        """

    def take_model(self, cfg: CfgNode, surface: Surface) -> None:
        """Prepare for a model; called once, before the first image.

        Args:
            cfg: the model's config. surface: the surface that it predicts.

        Raises:
            ActionError: the model lacks what the action shows.
        """

    @property
    def settings(self) -> Mapping[str, object]:
        """What the results depend on besides image and model; JSON-serialisable.

        Read after :meth:`take_model`.
        """
        raise NotImplementedError

    def write(self, image: SourceImage, pixels: np.ndarray, people: list[Person]) -> ImageResults:
        """Write the results of one image.

        Args:
            image: the results are named after it.
            pixels: (H, W, 3) uint8 BGR.
            people: found in the image.
        """
        raise NotImplementedError

    def finish(self, folder: RunFolder, sources: Sequence[ImageSource]) -> list[Path]:
        """Write the files that the whole folder has one of, and return their paths.

        Args:
            folder: the results of all images, including earlier runs.
            sources: the images of this run.
        """
        return []


def check_room_for_names(sources: Sequence[ImageSource], ending: str) -> None:
    """Refuse images whose results would have longer names than file systems take.

    Raises:
        ActionError: there is one.
    """
    for source in sources:
        # Frames of a video are named by their numbers, in a folder of its name.
        if isinstance(source, VideoFile):
            continue
        length = len(os.fsencode(PurePath(source.name).name + ending))
        if length > _MAX_NAME_BYTES:
            raise ActionError(
                f"{source.path}: its results would have a name of {length} bytes, *{ending}, and "
                f"file systems take {_MAX_NAME_BYTES}; shorten the name"
            )


def noise_model_missing(cfg: CfgNode) -> str | None:
    """A phrase for messages if the config's model has no noise model, else None."""
    if build_noise_model(cfg).point_fields:
        return None
    confidence = cfg.MODEL.ROI_DENSEPOSE_HEAD.UV_CONFIDENCE
    kind = confidence.TYPE if confidence.ENABLED else "without UV_CONFIDENCE"
    return f"the model ({kind}) has no noise model"


def write_png(path: Path, picture: np.ndarray) -> None:
    """Write a picture atomically: (H, W) grey of 8 or 16 bits, (H, W, 3) uint8 BGR or (H, W, 4)
    with alpha."""
    with replacing(path) as temporary:
        temporary.write_bytes(cv2.imencode(".png", picture)[1].tobytes())
