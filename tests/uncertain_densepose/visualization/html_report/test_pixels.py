"""Values of pixels as codes: what is decoded is the source to half a step."""

from __future__ import annotations

import base64
import math
import zlib

import numpy as np
import pytest

from tests.uncertain_densepose.visualization.html_report.results_factory import random_person
from uncertain_densepose.visualization.html_report import pixels


def arrays(person) -> dict[str, np.ndarray]:
    """A person as `load_people` gives it."""
    return {k: None if v is None else v.numpy() for k, v in person.tensors().items()}


def decode(text: str, shape: tuple[int, int]) -> np.ndarray:
    """The planes of a text, pixel by pixel."""
    height, width = shape
    packed = zlib.decompress(base64.b64decode(text))
    planes = np.frombuffer(packed, np.uint8).reshape(-1, height, width).astype(int)
    for row in range(1, height):
        planes[:, row] = (planes[:, row] + planes[:, row - 1]) % 256
    return planes


@pytest.mark.parametrize(
    "image_size, shown_size", [((40, 60), (40, 60)), ((41, 60), (13, 19)), ((300, 7), (50, 1))]
)
def test_decoded_values_are_those_of_the_source_pixel_to_half_a_step(image_size, shown_size):
    height, width = image_size
    person = random_person((-3, 1.5, 0.8 * width, height + 9), image_size)
    text = pixels.encode(pixels.compose([arrays(person)], image_size, shown_size))
    number, part, u, v, sigma, probability = decode(text, shown_size)
    x0, y0, x1, y1 = person.window
    seen = 0
    for i in range(shown_size[0]):
        for j in range(shown_size[1]):
            y = math.floor((i + 0.5) * height / shown_size[0])
            x = math.floor((j + 0.5) * width / shown_size[1])
            inside = x0 <= x < x1 and y0 <= y < y1
            expected = person.part[y - y0, x - x0] if inside else 0
            assert part[i, j] == expected
            assert number[i, j] == (expected > 0)
            if not expected:
                assert u[i, j] == v[i, j] == sigma[i, j] == probability[i, j] == 0
                continue
            seen += 1
            at = y - y0, x - x0
            half = 0.5 / 255 + 1e-6
            uv = np.clip(person.uv[at], 0, 1)
            np.testing.assert_allclose([u[i, j] / 255, v[i, j] / 255], uv, atol=half)
            assert probability[i, j] / 255 == pytest.approx(person.part_probability[at], abs=half)
            decoded = 0.02 * 10_000 ** ((sigma[i, j] - 1) / 254)
            assert decoded == pytest.approx(person.sigma_cm[at], rel=0.0185)
    assert seen > 0.1 * shown_size[0] * shown_size[1]


def test_of_people_who_overlap_a_pixel_shows_the_surest():
    size = (50, 50)
    people = [
        random_person((5, 5, 30, 40), size, seed=1, score=0.9),
        random_person((15, 10, 48, 48), size, seed=2, score=0.6),
    ]
    planes = pixels.compose([arrays(person) for person in people], size, size)
    covers = np.zeros((2, *size), dtype=int)
    for person, cover in zip(people, covers, strict=True):
        cover[person.window_slices] = person.part
    both = (covers > 0).all(axis=0)
    assert both.sum() > 20 and (covers[0] != covers[1])[both].any()
    np.testing.assert_array_equal(planes[1], np.where(covers[0] > 0, covers[0], covers[1]))
    np.testing.assert_array_equal(
        planes[0], np.where(covers[0] > 0, 1, np.where(covers[1] > 0, 2, 0))
    )


def test_maps_of_the_whole_image_give_the_same_as_those_of_the_window():
    size = (30, 40)
    person = random_person((5, 5, 30, 28), size)
    whole = {k: None if v is None else v.numpy() for k, v in person.tensors("image").items()}
    np.testing.assert_array_equal(
        pixels.compose([whole], size, (15, 20)), pixels.compose([arrays(person)], size, (15, 20))
    )


def test_without_a_noise_model_there_is_no_sigma():
    size = (30, 40)
    person = random_person((5, 5, 30, 28), size, noise="mse")
    planes = pixels.compose([arrays(person)], size, size)
    assert planes[1].any() and not planes[4].any()


def test_nobody_and_people_without_pixels():
    outside = arrays(random_person((60, 5, 70, 28), (30, 40)))
    for people in ([], [outside]):
        planes = pixels.compose(people, (30, 40), (3, 4))
        assert planes.shape == (6, 3, 4) and not planes.any()


def test_what_lies_beyond_a_scale_has_the_code_of_its_end():
    assert pixels.unit_code(np.array([-0.5, 0.0, 1.0, 1.7])).tolist() == [0, 0, 255, 255]
    sigma = np.array([0.0, 0.001, 0.02, 200.0, 1e9, np.inf])
    assert pixels.sigma_code(sigma).tolist() == [1, 1, 1, 255, 255, 255]


def test_codes_of_sigma_are_their_own_inverse():
    codes = np.arange(1, 256)
    cm = pixels.sigma_cm_of_code(codes)
    assert cm[0] == pytest.approx(0.02) and cm[-1] == pytest.approx(200)
    np.testing.assert_array_equal(pixels.sigma_code(cm), codes)


def test_source_pixels_of_an_image_that_is_not_scaled_are_its_own():
    assert pixels.source_pixels(5, 5).tolist() == [0, 1, 2, 3, 4]
    assert pixels.source_pixels(10, 5).tolist() == [1, 3, 5, 7, 9]
    assert pixels.source_pixels(4000, 3).tolist() == [666, 2000, 3333]
