"""The joint error as a looping animation: every frame is a draw of the error."""

from __future__ import annotations

import io
from collections.abc import Iterator, Sequence

import numpy as np
from PIL import Image

from ..inference.error_field import sample_error_field
from ..inference.person import Person
from .error_pictures import draw_errors, draw_seed

FRAMES_PER_SECOND = 10


def turning_draw(two_draws: np.ndarray, turn: float) -> np.ndarray:
    """cos(2π t) a + sin(2π t) b for independent draws a, b of N(0, Σ): again a draw, for every t.

    Args:
        two_draws: (2, ...).
        turn: t in 0..1.

    Returns:
        (...), of the dtype of the draws.
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
    """The frames of the loop, one in memory at a time.

    Args:
        image: (H, W, 3) uint8 BGR.
        people: found in it, by a model with a noise model.
        vmax_cm: upper end of the scale of errors, centimetres.
        num_frames: of the loop.
        seed: of the two draws that :func:`turning_draw` combines.

    Yields:
        (H, W, 3) uint8 BGR, from `error_pictures.draw_errors`.
    """
    draws = [
        sample_error_field(person, 2, draw_seed(seed, index)) for index, person in enumerate(people)
    ]
    for frame in range(num_frames):
        errors = [turning_draw(two, frame / num_frames) for two in draws]
        yield draw_errors(image, people, errors, vmax_cm)


def encode_animation(frames: Iterator[np.ndarray], kind: str) -> bytes:
    """Encode frames as an endless loop.

    Args:
        frames: at least one (H, W, 3) uint8 BGR.
        kind: one of `choices.ANIMATION_FORMATS`.
    """
    pictures = (Image.fromarray(frame[..., ::-1]) for frame in frames)
    first = next(pictures)
    buffer = io.BytesIO()
    duration_ms = 1000 // FRAMES_PER_SECOND
    first.save(buffer, kind, save_all=True, append_images=pictures, duration=duration_ms, loop=0)
    return buffer.getvalue()
