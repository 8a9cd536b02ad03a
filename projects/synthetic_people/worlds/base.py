"""What a noise world is: a rule that gives the points of a finished data set other labels."""

from __future__ import annotations

import dataclasses
import zlib
from collections.abc import Mapping
from typing import ClassVar, Protocol

import numpy as np


@dataclasses.dataclass(frozen=True, eq=False)
class TruePoints:
    """The P points of one person as they are, and what the picture says of their difficulty.

    Attributes:
        annotation_id: of the person.
        part: (P,) int64 true charts, 1..24.
        uv: (P, 2) true chart coordinates.
        variance: (P,) s_i, chart units^2; a function of the picture, see `noise.LabelNoiseModel`.
        direction: (P, 2) r_i, chart units; likewise.
        rendered_shared_variance: (P,) chart units^2; sigma_g^2 as rendered, likewise, the same for
            all points of a chart.
    """

    annotation_id: int
    part: np.ndarray
    uv: np.ndarray
    variance: np.ndarray
    direction: np.ndarray
    rendered_shared_variance: np.ndarray


@dataclasses.dataclass(frozen=True, eq=False)
class Relabelling:
    """New labels of one person's P points.

    Attributes:
        part: (P,) charts 1..24.
        uv: (P, 2) chart coordinates in [0, 1].
        noise: entries of ``dp_noise``: arrays of P rows, or one number for the person.
    """

    part: np.ndarray
    uv: np.ndarray
    noise: Mapping[str, np.ndarray | int]


class World(Protocol):
    """A noise world. Its attributes and methods:

    Attributes:
        changes_parts: whether a label's chart can differ from the true one.
        noise_fields: what each entry of `Relabelling.noise` means.
    """

    changes_parts: ClassVar[bool]
    noise_fields: ClassVar[dict[str, str]]

    def parameters(self) -> dict:
        """All constants, for ``info.noise_world``."""

    def relabel(self, points: TruePoints, seed: int) -> Relabelling:
        """Label a person's points; on one machine the same for the same seed, annotation id and
        points."""


def generator(seed: int, annotation_id: int, stream: str) -> np.random.Generator:
    """Random numbers of one person and one purpose, whatever else has been drawn.

    Args:
        seed: of the world, at least 0.
        annotation_id: of the person.
        stream: the purpose; worlds that name the same stream draw the same numbers from it.
    """
    return np.random.default_rng([seed, annotation_id, zlib.crc32(stream.encode())])
