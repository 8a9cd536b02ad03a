"""Pictures of all kinds become blue, green, red in 8 bits, or a message of one line."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
from PIL import Image

from uncertain_densepose.inference import ImageError, as_bgr, read_image

BGR = np.random.default_rng(0).integers(0, 256, (12, 20, 3), dtype=np.uint8)


def test_an_image_as_it_should_be_is_handed_through():
    assert as_bgr(BGR) is BGR


@pytest.mark.parametrize("shape", [(12, 20), (12, 20, 1)])
def test_grey_arrays_get_three_equal_channels(shape):
    grey = BGR[..., 0].reshape(shape)
    converted = as_bgr(grey)
    assert converted.shape == (12, 20, 3) and converted.dtype == np.uint8
    for channel in range(3):
        np.testing.assert_array_equal(converted[..., channel], BGR[..., 0])


def test_sixteen_bits_become_eight():
    deep = np.array([[[0, 65535, 257 * 100], [128, 129, 257 * 9 + 100]]], np.uint16)
    np.testing.assert_array_equal(as_bgr(deep), [[[0, 255, 100], [0, 1, 9]]])


def test_alpha_lies_over_white():
    pixels = np.array([[[10, 20, 30, 255], [10, 20, 30, 0], [0, 100, 255, 51]]], np.uint8)
    np.testing.assert_array_equal(as_bgr(pixels), [[[10, 20, 30], [255] * 3, [204, 224, 255]]])


@pytest.mark.parametrize(
    "image, complaint",
    [
        (None, "NoneType"),
        ([[1, 2]], "list"),
        (np.zeros((4, 4, 2), np.uint8), r"\(4, 4, 2\)"),
        (np.zeros((2, 4, 4, 3), np.uint8), r"\(2, 4, 4, 3\)"),
        (np.zeros(5, np.uint8), r"\(5,\)"),
        (BGR / 255.0, "float64"),
        (BGR > 9, "bool"),
        (np.zeros((0, 4, 3), np.uint8), "no pixels"),
    ],
)
def test_what_is_no_image_is_refused(image, complaint):
    with pytest.raises(ImageError, match=complaint):
        as_bgr(image)


FILES = {
    "colour.png": (BGR, BGR),
    "grey.png": (BGR[..., 0], np.repeat(BGR[..., :1], 3, axis=2)),
    "grey 16 bits.png": (BGR[..., 0].astype(np.uint16) * 257, np.repeat(BGR[..., :1], 3, axis=2)),
    "grey 16 bits.tif": (BGR[..., 0].astype(np.uint16) * 257, np.repeat(BGR[..., :1], 3, axis=2)),
    "colour 16 bits.png": (BGR.astype(np.uint16) * 257, BGR),
    "opaque.png": (np.dstack([BGR, np.full((12, 20), 255, np.uint8)]), BGR),
    "transparent.png": (np.dstack([BGR, np.zeros((12, 20), np.uint8)]), np.full_like(BGR, 255)),
    "one pixel.png": (BGR[:1, :1], BGR[:1, :1]),
}


@pytest.mark.parametrize("name", FILES)
def test_files_give_the_pixels_that_were_written(name, tmp_path):
    stored, expected = FILES[name]
    cv2.imwrite(str(tmp_path / name), stored)
    read = read_image(tmp_path / name)
    assert read.dtype == np.uint8
    np.testing.assert_array_equal(read, expected)


@pytest.mark.parametrize("mode", ["1", "P", "CMYK", "LA"])
def test_other_modes_of_files_become_colours(mode, tmp_path):
    suffix = {"CMYK": ".jpg"}.get(mode, ".png")
    colour = Image.new("RGB", (6, 4), (255, 255, 255)).convert(mode)
    colour.save(tmp_path / f"x{suffix}")
    read = read_image(str(tmp_path / f"x{suffix}"))
    assert read.shape == (4, 6, 3) and (read > 250).all()


def test_photographs_are_turned_upright(tmp_path):
    turned = Image.fromarray(np.ascontiguousarray(BGR[..., ::-1]))
    exif = Image.Exif()
    exif[0x0112] = 6  # To be turned a quarter clockwise.
    turned.save(tmp_path / "x.png", exif=exif)
    np.testing.assert_array_equal(read_image(tmp_path / "x.png"), np.rot90(BGR, -1))


def smooth_jpeg(path) -> bytes:
    cv2.imwrite(str(path), cv2.resize(BGR, (300, 200)))
    return path.read_bytes()


def test_a_truncated_file_is_named(tmp_path):
    path = tmp_path / "half.jpg"
    content = smooth_jpeg(path)
    path.write_bytes(content[: len(content) // 2])
    with pytest.raises(ImageError, match=r"half\.jpg: damaged or truncated image: .*truncated"):
        read_image(path)


@pytest.mark.parametrize("content", [b"", b"no image at all", b"\x89PNG\r\n\x1a\n"])
def test_other_files_are_named(content, tmp_path):
    (tmp_path / "x.png").write_bytes(content)
    with pytest.raises(ImageError, match=r"x\.png: not an image") as caught:
        read_image(tmp_path / "x.png")
    assert "\n" not in str(caught.value)


def test_paths_without_a_file(tmp_path):
    with pytest.raises(ImageError, match=r"none\.jpg: no such image"):
        read_image(tmp_path / "none.jpg")
    with pytest.raises(ImageError, match="is a folder"):
        read_image(tmp_path)


def test_an_image_of_too_many_pixels_is_refused(tmp_path, monkeypatch):
    cv2.imwrite(str(tmp_path / "x.png"), BGR)
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 100)
    with pytest.raises(ImageError, match=r"x\.png: .*use a smaller image"):
        read_image(tmp_path / "x.png")
