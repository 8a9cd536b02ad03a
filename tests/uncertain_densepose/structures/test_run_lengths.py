import numpy as np
import pytest
from pycocotools import mask as mask_api

from uncertain_densepose.structures.run_lengths import decode_columns, is_encoding, run_lengths


def encode(pixels) -> dict:
    return mask_api.encode(np.asfortranarray(pixels, dtype=np.uint8))


def whole(encoding) -> np.ndarray:
    left, columns = decode_columns(encoding)
    image = np.zeros(encoding["size"], dtype=bool)
    image[:, left : left + columns.shape[1]] = columns
    return image


@pytest.mark.parametrize("seed", range(40))
def test_equals_pycocotools(seed):
    rng = np.random.default_rng(seed)
    height, width = rng.integers(1, 90, 2)
    if seed % 2:
        pixels = rng.random((height, width)) < rng.random()
    else:
        row, column = np.ogrid[:height, :width]
        pixels = np.hypot(row - height / 3, column - width / 2) < rng.uniform(0.5, 60)
    np.testing.assert_array_equal(whole(encode(pixels)), pixels)


def test_long_runs_take_several_characters_and_bytes_are_as_good_as_text():
    pixels = np.zeros((700, 900), dtype=bool)
    pixels[:, 300:302] = True
    encoding = encode(pixels)
    np.testing.assert_array_equal(whole(encoding), pixels)
    text = encoding | {"counts": encoding["counts"].decode()}
    np.testing.assert_array_equal(whole(text), pixels)
    assert run_lengths(text["counts"]).tolist() == [300 * 700, 2 * 700, 598 * 700]


@pytest.mark.parametrize("seed", range(10))
def test_encodings_are_recognised_in_every_form(seed):
    rng = np.random.default_rng(seed)
    counts = encode(rng.random((30, 20)) < rng.random())["counts"]
    for form in (counts, counts.decode(), run_lengths(counts).tolist()):
        assert is_encoding(form, 600)
        assert not is_encoding(form, 599) and not is_encoding(form, 601)


@pytest.mark.parametrize(
    "counts",
    [
        *(
            "",
            "zz~~",
            "o" * 50,
            "hP2o",
            "52",
            "\x00\x01",
            "é",
            b"",
            None,
            7,
            {},
            [600.0],
            [True] * 600,
        ),
        *([-1, 601], ["600"], [[600]], "Zc0 ", "Zc0\n"),
    ],
)
def test_anything_else_is_no_encoding(counts):
    assert not is_encoding(counts, 600)


@pytest.mark.parametrize("value", [0, 1])
def test_nothing_and_everything(value):
    pixels = np.full((5, 7), value, dtype=bool)
    left, columns = decode_columns(encode(pixels))
    assert columns.shape == (5, 7 * value) and columns.all() and left == 0
