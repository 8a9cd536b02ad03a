import numpy as np
import pytest
from pycocotools import mask as mask_api

from uncertain_densepose.structures.coco_annotation import (
    AnnotationError,
    read_part_masks,
    read_segmentation,
)
from uncertain_densepose.structures.run_lengths import (
    are_encodings,
    compressed,
    decode_columns,
    decode_mask,
    is_encoding,
    is_mask,
    is_polygon,
    run_lengths,
    runs_of_masks,
    union_of_masks,
)


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
def test_the_runs_of_many_masks_are_those_of_each(seed):
    rng = np.random.default_rng(seed)
    shares = [0, 1, 0.01, *rng.random(9)]
    masks = [encode(rng.random((40, 30)) < share)["counts"] for share in rng.permutation(shares)]
    runs = runs_of_masks(masks)
    assert len(runs.first) == len(masks) + 1
    for mask, first, end in zip(masks, runs.first, runs.first[1:], strict=False):
        np.testing.assert_array_equal(runs.length[first:end], run_lengths(mask))


@pytest.mark.parametrize("odd", ["", "52", "o" * 50, "hP2o", b"P", None, [3], "0" * 1300, "é", 7])
def test_one_mask_at_fault_among_many_is_noticed(odd):
    whole = [encode(np.eye(30, 40, k=k))["counts"] for k in range(5)]
    forms = [whole[0].decode(), run_lengths(whole[1]).tolist(), *whole[2:]]
    assert are_encodings([], 1200) and are_encodings(forms, 1200)
    for place in range(6):
        assert not are_encodings([*forms[:place], odd, *forms[place:]], 1200)
    assert not are_encodings([*forms, encode(np.eye(3))["counts"]], 1200)


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


WHOLE = {"size": [256, 256], "counts": [0, 256**2]}

GARBAGE = {
    "empty": "",
    "a number that goes on": "PPP4",
    "too few pixels": "5",
    "not ASCII": "é",
    "half a surrogate pair": "\ud800",
    "200 000 runs of no pixels": "0" * 200_000,
    "bytes that are none": b"\xff\xfe",
    "a number of 40 characters": "o" * 39 + "0",
    "bits beyond 64": "P" * 13 + "1",
    "truth values": [True, 65535],
    "fractions": [0.5, 65535.5],
    "NaN": [float("nan"), 65536],
    "a negative run": [-1, 65537],
    "thousands of digits": [10**4000],
    "a list of texts": ["65536"],
    "a number": 65536,
}
"""Counts of masks of 256 x 256 pixels on which `pycocotools` crashes, never ends, or errs."""


@pytest.mark.parametrize("counts", GARBAGE.values(), ids=GARBAGE.keys())
def test_garbage_does_not_reach_native_code(counts):
    assert not is_encoding(counts, 256**2)
    assert not is_mask({"size": [256, 256], "counts": counts}, 256, 256)
    person = {"dp_masks": [WHOLE, {"size": [256, 256], "counts": counts}] + [[]] * 12}
    with pytest.raises(AnnotationError, match="dp_masks"):
        read_part_masks(person)
    with pytest.raises(AnnotationError, match="segmentation"):
        read_segmentation({"segmentation": {"size": [256, 256], "counts": counts}}, 256, 256)


@pytest.mark.parametrize("size", [[16, True], [16.0, 1], "161", None, [16], [2**31, 2**31], {}])
def test_sizes_are_two_integers_and_those_of_the_image(size):
    assert is_mask({"size": [16, 1], "counts": [16]}, 16, 1)
    assert not is_mask({"size": size, "counts": [16]}, 16, 1)


def test_a_mask_larger_than_any_image_is_refused_before_it_is_made():
    side = 2_000_000_000
    huge = {"size": [side, side], "counts": [0, side**2]}
    assert not is_mask(huge, side, side)


def test_runs_of_no_pixels_are_decoded_and_united():
    """`pycocotools.mask.merge` writes beyond its array where there are many of them."""
    rng = np.random.default_rng(0)
    masks = []
    for _ in range(3):
        counts = np.zeros(601, dtype=int)
        counts[rng.choice(601, 60, replace=False)] = rng.multinomial(600, np.ones(60) / 60)
        masks.append(compressed({"size": [30, 20], "counts": counts.tolist()}))
    assert all(is_mask(mask, 30, 20) for mask in masks)
    pixels = [mask_api.decode(mask) > 0 for mask in masks]
    for mask, expected in zip(masks, pixels, strict=True):
        np.testing.assert_array_equal(decode_mask(mask), expected)
    np.testing.assert_array_equal(decode_mask(union_of_masks(masks)), np.any(pixels, axis=0))


SQUARE = [4, 4, 40, 4, 40, 50, 4, 50]


@pytest.mark.parametrize(
    "polygon",
    [
        [4, 4, 40, 4],
        [*SQUARE, 3],
        [*SQUARE, float("nan"), 4],
        [*SQUARE, float("inf"), 4],
        [*SQUARE, 1e308, -1e308],
        [*SQUARE, 10**4000, 4],
        [*SQUARE, 2**31, 2**31],
        [*SQUARE, 161, 4],
        [*SQUARE, -81, 4],
        [*SQUARE, True, 4],
        [*SQUARE, "4", "4"],
        [*SQUARE, [4], [4]],
        [-79, 1, 159, 1] * 3000,
        "44444444",
        {"0": 4},
        7,
    ],
)
def test_polygons_far_from_their_image_or_of_anything_but_numbers_are_refused(polygon):
    assert is_polygon(SQUARE, 64, 80) and is_polygon([-80, -64, 160, 0, 80.5, 128], 64, 80)
    assert not is_polygon(polygon, 64, 80)
    if not isinstance(polygon, list) or len(polygon) >= 6:
        with pytest.raises(AnnotationError, match="segmentation"):
            read_segmentation({"segmentation": [SQUARE, polygon]}, 64, 80)
