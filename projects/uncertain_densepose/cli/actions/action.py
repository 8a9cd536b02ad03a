"""The contract of an action."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import cv2
import numpy as np
from detectron2.config import CfgNode

from ...atomic_file import replacing
from ...errors import UserError
from ...inference import Person, Source, SourceImage
from ...modeling.noise_models import build_noise_model
from ...surface import Surface
from ..image_run import ImageResults
from ..run_folder import RunFolder


class ActionError(UserError, ValueError):
    """What cannot be done with this model, or with these images. The message says why."""


class Action:
    """What is done with the people of every image, file by file, each whole or not at all.

    Args:
        out: the folder of the results.
    """

    def __init__(self, out: Path):
        self.out = out

    def take_sources(self, sources: Sequence[Source]) -> None:
        """Get ready for images; called once, before the model is loaded.

        Raises:
            ActionError: they are not what the action needs.
        """

    def take_model(self, cfg: CfgNode, surface: Surface) -> None:
        """Get ready for a model; called once, before the first image.

        Args:
            cfg: of the model. surface: that it predicts.

        Raises:
            ActionError: the model lacks what the action shows.
        """

    @property
    def settings(self) -> Mapping[str, object]:
        """What the results depend on besides image and model, in JSON's types.

        It is read after :meth:`take_model`.
        """
        raise NotImplementedError

    def write(self, image: SourceImage, pixels: np.ndarray, people: list[Person]) -> ImageResults:
        """Write the results of one image.

        Args:
            image: whose name the results have.
            pixels: (H, W, 3) uint8, blue, green, red.
            people: found in it.
        """
        raise NotImplementedError

    def finish(self, folder: RunFolder, sources: Sequence[Source]) -> list[Path]:
        """Write what there is one of for the whole folder, and return these files.

        Args:
            folder: the results of all images, of earlier runs too.
            sources: the images of this run.
        """
        return []


def noise_model_missing(cfg: CfgNode) -> str | None:
    """A sentence that says so, if a config's model does not predict how sure it is."""
    if build_noise_model(cfg).point_fields:
        return None
    confidence = cfg.MODEL.ROI_DENSEPOSE_HEAD.UV_CONFIDENCE
    kind = confidence.TYPE if confidence.ENABLED else "without UV_CONFIDENCE"
    return f"the model ({kind}) has no noise model"


def write_png(path: Path, picture: np.ndarray) -> None:
    """Write a picture (H, W, 3) uint8, blue, green, red; whole or not at all."""
    with replacing(path) as temporary:
        temporary.write_bytes(cv2.imencode(".png", picture)[1].tobytes())
