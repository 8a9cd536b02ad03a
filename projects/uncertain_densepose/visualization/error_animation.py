"""The joint error as a loop: each frame is a draw, and the last goes over into the first."""

from __future__ import annotations

import io
from collections.abc import Iterator, Sequence

import numpy as np
from PIL import Image

from ..inference.error_field import sample_error_field
from ..inference.person import Person
from .error_pictures import draw_errors, draw_seed

ANIMATION_FORMATS = ("gif", "webp")
FRAMES_PER_SECOND = 10


def turning_draw(two_draws: np.ndarray, turn: float) -> np.ndarray:
    """cos(2π t) a + sin(2π t) b of independent draws a and b of N(0, Σ), itself one for every t.

    Args:
        two_draws: (2, ...).
        turn: t, from 0 to 1.

    Returns:
        (...) in the type of the draws.
    """
    angle = 2 * np.pi * turn
    weights = np.array([np.cos(angle), np.sin(angle)], dtype=two_draws.dtype)
    return np.tensordot(weights, two_draws, axes=1)


def error_frames(
    image: np.ndarray,
    people: Sequence[Person],
    vmax_cm: float,
    num_frames: int = 24,
    seed: int = 0,
) -> Iterator[np.ndarray]:
    """Frames of the loop, one in memory at a time.

    Args:
        image: (H, W, 3) uint8, blue, green, red.
        people: found in it, of a model with a noise model.
        vmax_cm: end of the scale of errors, centimetres.
        num_frames: of the loop.
        seed: of the two draws that it turns through.

    Yields:
        (H, W, 3) uint8 `error_pictures.draw_errors`.
    """
    draws = [
        sample_error_field(person, 2, draw_seed(seed, index)) for index, person in enumerate(people)
    ]
    for frame in range(num_frames):
        errors = [turning_draw(two, frame / num_frames) for two in draws]
        yield draw_errors(image, people, errors, vmax_cm)


def encode_animation(frames: Iterator[np.ndarray], kind: str) -> bytes:
    """Frames (H, W, 3) uint8, blue, green, red, as an endless loop.

    Args:
        frames: at least one.
        kind: of `ANIMATION_FORMATS`.
    """
    pictures = (Image.fromarray(frame[..., ::-1]) for frame in frames)
    first = next(pictures)
    buffer = io.BytesIO()
    duration_ms = 1000 // FRAMES_PER_SECOND
    first.save(buffer, kind, save_all=True, append_images=pictures, duration=duration_ms, loop=0)
    return buffer.getvalue()
