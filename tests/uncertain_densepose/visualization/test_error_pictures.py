"""Errors as colours: hue for direction, strength for length; a loop of draws is one of draws."""

from __future__ import annotations

import io

import numpy as np
import pytest
from PIL import Image

from tests.uncertain_densepose.inference.people_factory import figure_person, linear_person
from uncertain_densepose.inference.error_field import sample_error_field
from uncertain_densepose.visualization import draw_errors, encode_animation, error_frames
from uncertain_densepose.visualization.error_animation import turning_draw
from uncertain_densepose.visualization.error_pictures import draw_seed, error_colours

IMAGE = np.full((90, 60, 3), (10, 120, 240), dtype=np.uint8)
SIZE = (90, 60)


def test_directions_go_round_the_hues_and_lengths_from_white_to_full():
    along_u, along_v = np.array([1.0, 0]), np.array([0, 1.0])
    full = error_colours(np.stack([along_u, along_v, -along_u, -along_v]), np.full(4, 9.0), 4.5)
    # A quarter of the circle is 127.5, which the last bit of the angle rounds to either side.
    expected = [[255, 0, 0], [128, 255, 0], [0, 255, 255], [128, 0, 255]]
    np.testing.assert_allclose(full, expected, atol=1)
    half = error_colours(along_u, np.array(2.25), 4.5)
    np.testing.assert_allclose(half, [255, 128, 128], atol=1)
    assert (error_colours(np.zeros(2), np.array(0.0), 4.5) == 255).all()


def test_a_person_is_painted_in_the_colours_of_their_error():
    person = linear_person((0, 0, 30, 90), SIZE)
    # Squares of half a metre: 0.06 chart units are 3 cm.
    error = np.broadcast_to(np.array([0.06, 0], np.float32), (90, 30, 2))
    picture = draw_errors(IMAGE, [person], [error], vmax_cm=3.0, opacity=1.0)
    assert (picture[:, :30] == (0, 0, 255)).all()
    np.testing.assert_array_equal(picture[:, 30:], IMAGE[:, 30:])
    picture = draw_errors(IMAGE, [person], [error], vmax_cm=6.0, opacity=1.0)
    np.testing.assert_allclose(
        picture[:, :30], np.broadcast_to([128, 128, 255], (90, 30, 3)), atol=1
    )


def test_seeds_of_people_and_draws_differ():
    seeds = {draw_seed(0, draw, person) for draw in range(5) for person in range(5)}
    assert len(seeds) == 25 and draw_seed(0, 1, 2) == draw_seed(0, 1, 2)
    assert draw_seed(0, 1) != draw_seed(1, 1)


def test_every_frame_of_a_turn_has_the_covariance_of_a_draw():
    draws = np.random.default_rng(0).normal(size=(2, 40000, 2)) @ np.array([[2, 0], [1, 0.5]])
    for turn in (0, 0.1, 0.3, 0.77):
        frame = turning_draw(draws, turn)
        np.testing.assert_allclose(np.cov(frame.T), np.cov(draws[0].T), rtol=0.05, atol=0.05)
    np.testing.assert_array_equal(turning_draw(draws, 0), draws[0])
    np.testing.assert_allclose(turning_draw(draws, 1), draws[0], atol=1e-12)
    assert turning_draw(draws.astype(np.float32), 0.2).dtype == np.float32


def test_frames_begin_with_a_draw_and_close_smoothly():
    person = figure_person((5, 5, 55, 85), SIZE)
    frames = list(error_frames(IMAGE, [person], 20.0, num_frames=12, seed=4))
    first = sample_error_field(person, 2, draw_seed(4, 0))[0]
    np.testing.assert_array_equal(frames[0], draw_errors(IMAGE, [person], [first], 20.0))
    steps = [
        np.abs(one.astype(int) - other).mean()
        for one, other in zip(frames, frames[1:] + frames[:1], strict=True)
    ]
    assert len(frames) == 12 and min(steps) > 0
    assert steps[-1] < 1.5 * np.mean(steps)
    assert steps[-1] < np.abs(frames[0].astype(int) - frames[6]).mean()


@pytest.mark.parametrize("kind, tolerance", [("gif", 12), ("webp", 40)])
def test_an_animation_has_all_frames_and_loops_for_ever(kind, tolerance):
    frames = [np.full((20, 30, 3), (40 * k, 100, 255 - 40 * k), np.uint8) for k in range(5)]
    with Image.open(io.BytesIO(encode_animation(iter(frames), kind))) as animation:
        assert animation.n_frames == 5 and animation.size == (30, 20)
        assert animation.info["loop"] == 0
        for number, frame in enumerate(frames):
            animation.seek(number)
            shown = np.asarray(animation.convert("RGB"), dtype=int)
            assert animation.info["duration"] == 100
            assert np.abs(shown - frame[..., ::-1]).max() <= tolerance


def test_nobody_is_an_animation_too():
    frames = list(error_frames(IMAGE, [], 1.0, num_frames=3))
    assert all((frame == IMAGE).all() for frame in frames)
    with Image.open(io.BytesIO(encode_animation(iter(frames), "gif"))) as animation:
        assert animation.size == (60, 90)
