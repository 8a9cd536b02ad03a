import base64
import io

import numpy as np
import pytest
from PIL import Image

from tests.uncertain_densepose.evaluation.iuv_scene import FORMS, png_text
from uncertain_densepose.errors import FieldError
from uncertain_densepose.evaluation.files.iuv_codec import decode_iuv

BOX = np.array([10.0, 20.0, 7.0, 9.0])


@pytest.fixture
def iuv():
    rng = np.random.default_rng(0)
    array = rng.integers(0, 256, (3, 9, 7), dtype=np.uint8)
    array[0] %= 25
    return array


def picture(mode, size) -> str:
    stream = io.BytesIO()
    Image.new(mode, size).save(stream, format="png")
    return base64.b64encode(stream.getvalue()).decode()


@pytest.mark.parametrize("form", FORMS)
def test_every_form_gives_the_array_back(iuv, form):
    decoded = decode_iuv(FORMS[form](iuv), BOX)
    assert decoded.dtype == np.uint8
    np.testing.assert_array_equal(decoded, iuv)


@pytest.mark.parametrize("size", [(7.0, 9.0), (7.6, 8.4), (6.4, 9.9), (7.999, 10.05)])
def test_sides_may_be_rounded_up_or_down(iuv, size):
    assert decode_iuv(FORMS["2018"](iuv), np.array([0, 0, *size])).shape == (3, 9, 7)


def test_a_box_below_a_pixel_has_one(iuv):
    pixel = iuv[:, :1, :1]
    assert decode_iuv(FORMS["lists"](pixel), np.array([0, 0, 0.3, 0.2])).shape == (3, 1, 1)


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("box", [[0, 0, 9, 7], [0, 0, 8.2, 9], [0, 0, 7, 11], [0, 0, 70, 90]])
def test_an_array_of_another_shape_than_the_box_is_refused(iuv, form, box):
    with pytest.raises(FieldError, match=r"has shape \(3, 9, 7\), but the box is"):
        decode_iuv(FORMS[form](iuv), np.array(box, dtype=float))


@pytest.mark.parametrize("form", FORMS)
def test_a_part_above_24_is_refused(iuv, form):
    iuv[0, 3, 3] = 25
    with pytest.raises(FieldError, match=r"has the part 25, expected 0..24"):
        decode_iuv(FORMS[form](iuv), BOX)


@pytest.mark.parametrize(
    ("value", "complaint"),
    [
        (None, "not an array of integers"),
        ("text", "not an array of integers"),
        ({}, "neither 'labels_uv_uint8' nor 'labels_uv_str'"),
        ([[[1, 2], [3]]], "differ in length"),
        ([[[0.5] * 7] * 9] * 3, "not an array of integers"),
        ([[[1] * 7] * 9], r"\(1, 9, 7\), expected \(3, height, width\)"),
        ([[1] * 7] * 9, r"\(9, 7\), expected \(3, height, width\)"),
        ([[[1] * 7] * 9, [[256] * 7] * 9, [[1] * 7] * 9], r"values 1..256, expected 0..255"),
        ([[[1] * 7] * 9, [[-1] * 7] * 9, [[1] * 7] * 9], r"values -1..1, expected 0..255"),
        ([[[10**30] * 7] * 9] * 3, "not an array of integers"),
    ],
)
def test_lists_that_are_no_array_are_refused(value, complaint):
    with pytest.raises(FieldError, match=f"'densepose' .*{complaint}"):
        decode_iuv({"densepose": value}, BOX)


@pytest.mark.parametrize(
    ("fields", "complaint"),
    [
        ({"uv_shape": None}, "needs a shape of three integers"),
        ({"uv_shape": [3, 9.0, 7]}, "needs a shape of three integers"),
        ({"uv_shape": [3, 9]}, r"has shape \(3, 9\)"),
        ({"uv_shape": [1, 9, 7]}, r"has shape \(1, 9, 7\)"),
        ({"uv_data": 5}, "not a string in base64"),
        ({"uv_data": "%%%"}, "not a string in base64"),
        ({"uv_data": "äöü"}, "not a string in base64"),
        ({"uv_data": "aGVsbG8="}, "cannot be decoded as PNG"),
        ({"uv_data": ""}, "cannot be decoded as PNG"),
        ({"uv_data": picture("L", (7, 9))}, "7 x 9 pixels, L; expected RGB of 7 x 9"),
        ({"uv_data": picture("RGB", (9, 7))}, "9 x 7 pixels, RGB; expected RGB of 7 x 9"),
        ({"uv_data": picture("RGBA", (7, 9))}, "RGBA"),
        ({"densepose": [1]}, "'uv_data' is given besides 'densepose'"),
    ],
)
def test_pictures_that_are_none_are_refused(iuv, fields, complaint):
    with pytest.raises(FieldError, match=complaint):
        decode_iuv(FORMS["2018"](iuv) | fields, BOX)


def test_nothing_is_refused():
    with pytest.raises(FieldError, match="'densepose' is missing"):
        decode_iuv({"bbox": []}, BOX)


@pytest.mark.parametrize("seed", range(60))
def test_a_damaged_picture_is_refused_or_read(iuv, seed):
    rng = np.random.default_rng(seed)
    content = bytearray(base64.b64decode("".join(png_text(iuv).split())))
    if seed % 3 == 0:
        content = content[: rng.integers(1, len(content))]
    else:
        for _ in range(int(rng.integers(1, 6))):
            content[rng.integers(0, len(content))] ^= int(rng.integers(1, 256))
    record = FORMS["2018"](iuv) | {"uv_data": base64.b64encode(bytes(content)).decode()}
    try:
        assert decode_iuv(record, BOX).shape == iuv.shape
    except FieldError as error:
        assert error.field == "uv_data" and "\n" not in str(error)
