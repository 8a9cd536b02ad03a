"""What is behind people: a picture for the sky or wall, a pattern for the ground."""

from __future__ import annotations

import dataclasses
from typing import Protocol

import cv2
import numpy as np

from .textures import Pattern, random_colour, sample_pattern, skin_colour


@dataclasses.dataclass(frozen=True)
class ContactShadow:
    """The darkness under what is near the ground, which neither lamp nor sky reach.

    Attributes:
        height_m: what is lower than this casts it.
        spread_m: standard deviation of its edge.
        depth: share of the sky that it takes, in [0, 1].
    """

    height_m: float
    spread_m: float
    depth: float


class Ground(Protocol):
    """The plane z = 0, as far as it is seen."""

    @property
    def contact(self) -> ContactShadow:
        """What is dark under things on it."""

    def shaded(
        self, behind: np.ndarray, points: np.ndarray, light: np.ndarray, unshaded: np.ndarray
    ) -> np.ndarray:
        """Linear RGB of N points of the ground.

        Args:
            behind: (N, 3) the backdrop's picture there.
            points: (N, 2) world (x, y), metres.
            light: (N, 3) what arrives there; in the open it is ``unshaded``, (3,).
        """


@dataclasses.dataclass(frozen=True, eq=False)
class PaintedGround:
    """``pattern``: albedo over world (x, y), metres. It hides the picture."""

    pattern: Pattern
    contact: ContactShadow = ContactShadow(0.25, 0.08, 0.6)

    def shaded(self, behind, points, light, unshaded):
        """See `Ground`."""
        return self.pattern(points) * light


@dataclasses.dataclass(frozen=True)
class PhotographedGround:
    """The ground is in the picture, lit; shadows darken it."""

    contact: ContactShadow = ContactShadow(0.6, 0.07, 0.9)

    def shaded(self, behind, points, light, unshaded):
        """See `Ground`."""
        return behind * (light / np.maximum(unshaded, 1e-6))


@dataclasses.dataclass(frozen=True, eq=False)
class Backdrop:
    """Attributes:
    picture: (H, W, 3) float32 linear RGB, seen wherever nothing else is.
    ground: None for no ground.
    ground_reach_m: the ground ends at this depth from the camera, at the foot of the wall.
    """

    picture: np.ndarray
    ground: Ground | None
    ground_reach_m: float


def sample_backdrop(
    rng: np.random.Generator, *, width: int, height: int, scene_depth_m: float
) -> Backdrop:
    """A quiet (gradient) or busy (shapes on noise) backdrop, usually with a ground.

    Args:
        rng: draws it.
        width, height: of the image, pixels.
        scene_depth_m: depth of the people in the camera, metres; the wall is behind them.
    """
    picture = _gradient(rng, width, height)
    if rng.random() < 0.75:
        picture = picture * (1 + rng.uniform(0.05, 0.35) * _noise(rng, width, height))[..., None]
    if rng.random() < 0.7:
        _clutter(rng, picture, int(rng.integers(4, 60)))
    if rng.random() < 0.6:
        # Out of focus.
        picture = cv2.GaussianBlur(picture, (0, 0), rng.uniform(0.5, 4.0))
    ground = None
    if rng.random() < 0.9:
        pattern = sample_pattern(
            rng,
            first=random_colour(rng, saturation=0.5),
            second=random_colour(rng, saturation=0.5),
            dimensions=2,
            scale=rng.uniform(0.2, 0.9),
            plain_share=0.35,
        )
        ground = PaintedGround(pattern)
    reach = scene_depth_m + rng.uniform(1.2, 9.0)
    return Backdrop(np.clip(picture, 0.0, 1.0).astype(np.float32), ground, reach)


def _gradient(rng: np.random.Generator, width: int, height: int) -> np.ndarray:
    corners = np.stack([random_colour(rng) for _ in range(4)])
    base = random_colour(rng)
    corners = base + rng.uniform(0.1, 0.7) * (corners - base)
    return cv2.resize(
        corners.reshape(2, 2, 3).astype(np.float32), (width, height), interpolation=cv2.INTER_LINEAR
    )


def _noise(rng: np.random.Generator, width: int, height: int) -> np.ndarray:
    """Value noise of several octaves, about unit variance."""
    total = np.zeros((height, width), np.float32)
    weight = 1.0
    for cells in (4, 9, 20, 45, 100):
        grid = rng.normal(size=(cells, cells)).astype(np.float32)
        total += weight * cv2.resize(grid, (width, height), interpolation=cv2.INTER_CUBIC)
        weight *= rng.uniform(0.4, 0.8)
    return total / max(float(total.std()), 1e-6)


def _clutter(rng: np.random.Generator, picture: np.ndarray, count: int) -> None:
    """Draw shapes: window frames, panels, blobs, poles; some in the colours of skin."""
    height, width = picture.shape[:2]
    scale = rng.uniform(0.08, 0.3) * width
    for _ in range(count):
        rgb = skin_colour(rng) if rng.random() < 0.12 else random_colour(rng, saturation=0.9)
        colour = tuple(float(c) for c in rgb)
        centre = rng.uniform([0, 0], [width, height])
        size = scale * rng.uniform(0.2, 1.5, size=2)
        _DRAWERS[int(rng.integers(len(_DRAWERS)))](rng, picture, centre, size, colour)


def _rectangle(rng, picture, centre, size, colour):
    a, b = (centre - size / 2).astype(int), (centre + size / 2).astype(int)
    thickness = -1 if rng.random() < 0.7 else int(rng.integers(1, 5))
    cv2.rectangle(picture, a.tolist(), b.tolist(), colour, thickness)


def _ellipse(rng, picture, centre, size, colour):
    axes = np.maximum(size / 2, 1).astype(int)
    angle = float(rng.uniform(0, 180))
    cv2.ellipse(
        picture, centre.astype(int).tolist(), axes.tolist(), angle, 0, 360, colour, -1, cv2.LINE_AA
    )


def _polygon(rng, picture, centre, size, colour):
    corners = int(rng.integers(3, 7))
    angles = np.sort(rng.uniform(0, 2 * np.pi, size=corners))
    points = centre + size * np.stack([np.cos(angles), np.sin(angles)], axis=1)
    cv2.fillPoly(picture, [points.astype(np.int32)], colour, cv2.LINE_AA)


def _line(rng, picture, centre, size, colour):
    angle = rng.choice([0, np.pi / 2, rng.uniform(0, np.pi)])
    reach = 3 * size.max() * np.array([np.cos(angle), np.sin(angle)])
    a, b = (centre - reach).astype(int), (centre + reach).astype(int)
    cv2.line(picture, a.tolist(), b.tolist(), colour, int(rng.integers(1, 9)), cv2.LINE_AA)


_DRAWERS = (_rectangle, _ellipse, _polygon, _line)
