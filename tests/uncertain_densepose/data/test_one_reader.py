"""Training, evaluation, prediction and the annotation check see the same picture."""

from __future__ import annotations

import struct
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
import torch
from detectron2.data import transforms as T
from PIL import Image, ImageCms
from PIL.PngImagePlugin import PngInfo
from torch import nn

from tests.model_factory import make_config
from uncertain_densepose.data import DensePoseDatasetMapper, picture_file
from uncertain_densepose.data.annotation_checks import Report, screen_image_files
from uncertain_densepose.data.picture_file import as_bgr, read_image
from uncertain_densepose.inference import ImageError, Predictor, find_sources

HEIGHT, WIDTH = 24, 40
CORNERS = {"top left": (0, 0), "top right": (0, -1), "low left": (-1, 0), "low right": (-1, -1)}
COLOURS = {
    "top left": (250, 10, 10),
    "top right": (10, 250, 10),
    "low left": (10, 10, 250),
    "low right": (250, 250, 10),
}
"""Red, green, blue of each quarter of the stored picture."""


def quarters() -> Image.Image:
    pixels = np.zeros((HEIGHT, WIDTH, 3), np.uint8)
    for name, colour in COLOURS.items():
        rows = slice(0, HEIGHT // 2) if name.startswith("top") else slice(HEIGHT // 2, None)
        columns = slice(0, WIDTH // 2) if name.endswith("left") else slice(WIDTH // 2, None)
        pixels[rows, columns] = colour
    return Image.fromarray(pixels)


class Catcher(nn.Module):
    """Finds nobody, and remembers what it was given."""

    backbone = SimpleNamespace(size_divisibility=1)

    def forward(self, batch):
        self.image = batch[0]["image"]
        raise StopIteration


def bgr_of(image: torch.Tensor) -> np.ndarray:
    return image.numpy().transpose(1, 2, 0)


def predicted_on(path: Path, image_format: str = "BGR") -> np.ndarray:
    cfg = make_config("full", "INPUT.FORMAT", image_format, "INPUT.MIN_SIZE_TEST", 0)
    catcher = Catcher()
    with pytest.raises(StopIteration):
        Predictor.from_model(cfg, catcher, metric=None)(path)
    return bgr_of(catcher.image).astype(np.uint8)


def mapper(is_train: bool, image_format: str = "BGR") -> DensePoseDatasetMapper:
    return DensePoseDatasetMapper(
        is_train,
        point_extent=255.0,
        chart_mirror=None,
        augmentations=[T.NoOpTransform()],
        image_format=image_format,
    )


def mapped(path: Path, is_train: bool, image_format: str = "BGR") -> np.ndarray:
    record = {"file_name": str(path), "image_id": 1}
    return bgr_of(mapper(is_train, image_format)(record)["image"])


def findings(path: Path, width: int, height: int) -> dict[str, list[str]]:
    report = Report()
    entry = {"id": 1, "file_name": path.name, "width": width, "height": height}
    screen_image_files([entry], path.parent, report)
    return {name: finding.files for name, finding in report.findings.items()}


def seen_everywhere(path: Path) -> np.ndarray:
    """The picture, after a look at all places."""
    (source,) = find_sources([path])
    (image,) = source
    seen = image.read()
    assert seen.dtype == np.uint8
    for other in (mapped(path, True), mapped(path, False), predicted_on(path)):
        np.testing.assert_array_equal(other, seen)
    height, width, _ = seen.shape
    assert findings(path, width, height) == {}
    assert list(findings(path, width + 1, height)) == ["image_size_differs"]
    return seen


# Where EXIF says that row 0 and column 0 of the stored picture lie.
UPRIGHT = {
    1: ("top left", "top right", "low left"),
    2: ("top right", "top left", "low right"),
    3: ("low right", "low left", "top right"),
    4: ("low left", "low right", "top left"),
    5: ("top left", "low left", "top right"),
    6: ("top right", "low right", "top left"),
    7: ("low right", "top right", "low left"),
    8: ("low left", "top left", "low right"),
}
"""By orientation, the corners to which the stored top left, top right and low left come."""


@pytest.mark.parametrize("orientation", UPRIGHT)
@pytest.mark.parametrize("suffix", ["jpg", "png", "webp", "tiff", "avif"])
def test_every_orientation_is_turned_upright_once(tmp_path, suffix, orientation):
    exif = Image.Exif()
    exif[0x0112] = orientation
    path = tmp_path / f"x.{suffix}"
    lossless = {"webp": {"lossless": True}}.get(suffix, {})
    quarters().save(path, exif=exif, **lossless)
    seen = seen_everywhere(path)
    assert seen.shape[:2] == ((HEIGHT, WIDTH) if orientation < 5 else (WIDTH, HEIGHT))
    stored = ("top left", "top right", "low left")
    for corner, name in zip(UPRIGHT[orientation], stored, strict=True):
        difference = seen[CORNERS[corner]][::-1].astype(int) - COLOURS[name]
        assert np.abs(difference).max() < 25, (corner, name)


def lab() -> Image.Image:
    profiles = ImageCms.createProfile("sRGB"), ImageCms.createProfile("LAB")
    transform = ImageCms.buildTransform(*profiles, "RGB", "LAB")
    return ImageCms.applyTransform(quarters(), transform)


def with_alpha(mode: str) -> Image.Image:
    """Opaque on the left, transparent on the right."""
    alpha = np.zeros((HEIGHT, WIDTH), np.uint8)
    alpha[:, : WIDTH // 2] = 255
    picture = quarters().convert(mode[:-1])
    picture.putalpha(Image.fromarray(alpha))
    assert picture.mode == mode
    return picture


GREY = np.asarray(quarters().convert("L"))
BGR = np.asarray(quarters())[..., ::-1]
BGR_OVER_WHITE = np.where(np.arange(WIDTH)[:, None] < WIDTH // 2, BGR, np.uint8(255))
GREY_OVER_WHITE = np.where(np.arange(WIDTH) < WIDTH // 2, GREY, np.uint8(255))

MODES = {
    "1": (quarters().convert("1"), "png tiff", np.asarray(quarters().convert("1")) * np.uint8(255)),
    "L": (quarters().convert("L"), "png tiff webp", GREY),
    "LA": (with_alpha("LA"), "png tiff webp", GREY_OVER_WHITE),
    "P": (quarters().quantize(4, dither=0), "png tiff gif", BGR),
    "PA": (with_alpha("RGBA").convert("PA"), "tiff", BGR_OVER_WHITE),
    "RGB": (quarters(), "png tiff webp", BGR),
    "RGBA": (with_alpha("RGBA"), "png tiff webp", BGR_OVER_WHITE),
    "CMYK": (quarters().convert("CMYK"), "tiff", BGR),
    "YCbCr": (quarters().convert("YCbCr"), "tiff", BGR),
    "LAB": (lab(), "tiff", BGR),
    "I;16": (Image.fromarray(GREY * np.uint16(257)), "png tiff", GREY),
    "I of 8 bits": (Image.fromarray(GREY.astype(np.int32)), "tiff", GREY),
    "I of 16 bits": (Image.fromarray(GREY.astype(np.int32) * 257), "tiff", GREY),
    "I of 32 bits": (Image.fromarray(GREY.astype(np.int32) * (2**31 // 255)), "tiff", GREY),
    "F of 0 to 1": (Image.fromarray(GREY.astype(np.float32) / 255), "tiff", GREY),
    "F of 0 to 255": (Image.fromarray(GREY.astype(np.float32)), "tiff", GREY),
}
"""A picture, the formats that store its mode without loss, and what is to be seen of it."""


@pytest.mark.parametrize("mode", MODES)
def test_every_colour_mode_is_the_same_everywhere(tmp_path, mode):
    picture, formats, expected = MODES[mode]
    if expected.ndim == 2:
        expected = np.repeat(expected[..., None], 3, axis=2)
    for suffix in formats.split():
        path = tmp_path / f"x.{suffix}"
        picture.save(path, **({"lossless": True, "exact": True} if suffix == "webp" else {}))
        seen = seen_everywhere(path).astype(int)
        assert np.abs(seen - expected).max() <= {"LAB": 20, "YCbCr": 3}.get(mode, 0)


@pytest.mark.parametrize("mode", ["RGB", "RGBA", "P", "CMYK"])
@pytest.mark.parametrize("pixels_per_strip", [1, 100])
def test_a_large_picture_is_read_in_strips_to_the_same_bits(monkeypatch, mode, pixels_per_strip):
    rng = np.random.default_rng(0)
    picture = Image.fromarray(rng.integers(0, 256, (23, 17, 4), dtype=np.uint8), "RGBA")
    picture = picture if mode == "RGBA" else picture.convert("RGB").convert(mode)
    whole = as_bgr(picture)
    monkeypatch.setattr(picture_file, "_PIXELS_PER_STRIP", pixels_per_strip)
    np.testing.assert_array_equal(as_bgr(picture), whole)
    if mode == "RGB":
        np.testing.assert_array_equal(whole[..., ::-1], np.asarray(picture))


def test_pictures_of_pillow_are_seen_as_their_files(tmp_path):
    for picture, formats, _ in MODES.values():
        path = tmp_path / f"x.{formats.split()[0]}"
        picture.save(path)
        catcher = Catcher()
        cfg = make_config("full", "INPUT.MIN_SIZE_TEST", 0)
        with pytest.raises(StopIteration):
            Predictor.from_model(cfg, catcher, metric=None)(picture)
        np.testing.assert_array_equal(bgr_of(catcher.image), read_image(path))


def test_a_picture_of_hues_which_no_file_stores_becomes_colours():
    seen = as_bgr(quarters().convert("HSV")).astype(int)
    assert np.abs(seen - BGR).max() <= 6


def test_unsigned_32_bits_are_divided_by_their_full_scale(tmp_path):
    path = tmp_path / "x.tiff"
    Image.fromarray((GREY.astype(np.uint32) * (2**32 // 255)).view(np.int32)).save(path)
    # Pillow writes that the integers are signed: tag 339, of type 3, once, 2.
    signed, unsigned = (struct.pack("<HHIHH", 339, 3, 1, kind, 0) for kind in (2, 1))
    content = path.read_bytes()
    assert content.count(signed) == 1
    path.write_bytes(content.replace(signed, unsigned))
    np.testing.assert_array_equal(seen_everywhere(path)[..., 0], GREY)


@pytest.mark.parametrize("image_format, order", [("BGR", [0, 1, 2]), ("RGB", [2, 1, 0])])
def test_the_network_has_its_channels_in_the_configured_order(tmp_path, image_format, order):
    quarters().save(tmp_path / "x.png")
    for seen in (
        mapped(tmp_path / "x.png", True, image_format),
        mapped(tmp_path / "x.png", False, image_format),
        predicted_on(tmp_path / "x.png", image_format),
    ):
        np.testing.assert_array_equal(seen, BGR[..., order])


def noise(suffix: str, path: Path, **options) -> bytes:
    pixels = np.random.default_rng(0).integers(0, 256, (64, 64, 3), dtype=np.uint8)
    Image.fromarray(pixels).save(path, suffix, **options)
    return path.read_bytes()


def broken_crc(path: Path) -> bytes:
    """A PNG with one changed bit of the checksum of its pixels, which Pillow does not look at."""
    content = bytearray(noise("PNG", path))
    content[content.rindex(b"IEND") - 5] ^= 1
    return bytes(content)


def half(content: bytes) -> bytes:
    return content[: len(content) // 2]


def text_bomb(path: Path) -> bytes:
    """A PNG with 100 MB of text in 100 kB."""
    text = PngInfo()
    text.add_text("comment", "a" * 100_000_000, zip=True)
    return noise("PNG", path, pnginfo=text)


DAMAGED = {
    "empty": (lambda path: b"", "not an image"),
    "text": (lambda path: b"no image", "not an image"),
    "PostScript": (lambda path: noise("EPS", path), "not an image, or in a format"),
    "half a JPEG": (lambda path: half(noise("JPEG", path)), "damaged or truncated"),
    "half a progressive JPEG": (
        lambda path: half(noise("JPEG", path, progressive=True)),
        "damaged or truncated",
    ),
    "half a PNG": (lambda path: half(noise("PNG", path)), "damaged or truncated"),
    "half a TIFF": (lambda path: half(noise("TIFF", path)), "damaged or truncated"),
    "half a WebP": (lambda path: half(noise("WEBP", path)), "not an image|damaged"),
    "half an AVIF": (lambda path: half(noise("AVIF", path)), "not an image|damaged"),
    "a bomb of text": (text_bomb, "Decompressed data too large"),
    "a checksum": (broken_crc, "damaged or truncated image: broken PNG"),
}


def assert_named_everywhere(path: Path, complaint: str) -> None:
    for look in (
        read_image,
        lambda path: mapped(path, True),
        lambda path: mapped(path, False),
        lambda path: Predictor.from_model(make_config("full"), Catcher(), metric=None)(path),
    ):
        with pytest.raises(ImageError, match=complaint) as caught:
            look(path)
        assert str(path) in str(caught.value) and "\n" not in str(caught.value)
        # What a training's loader passes over.
        assert isinstance(caught.value, OSError)
    ((name, (reason,)),) = findings(path, 64, 64).items()
    assert name == "image_file_unreadable" and reason == str(caught.value)


@pytest.mark.parametrize("kind", DAMAGED)
def test_a_damaged_file_is_named_everywhere(tmp_path, kind):
    make, complaint = DAMAGED[kind]
    path = tmp_path / "x.jpg"
    content = make(path)
    path.write_bytes(content)
    assert_named_everywhere(path, complaint)


UNSCALED = {
    "negative integers": (np.int32, [-1, 5], "from -1 to 5"),
    "between 16 and 32 bits": (np.int32, [0, 70000], "from 0 to 70000"),
    "negative": (np.float32, [-0.5, 0.5], "from -0.5 to 0.5"),
    "a little above 1": (np.float32, [0, 1.01], "from 0 to 1.01"),
    "above 255": (np.float32, [0, 256], "from 0 to 256"),
    "NaN": (np.float32, [0, np.nan], "not finite"),
    "infinite": (np.float32, [0, np.inf], "not finite"),
}


@pytest.mark.parametrize("kind", UNSCALED)
def test_numbers_without_a_scale_are_refused(tmp_path, kind):
    dtype, values, complaint = UNSCALED[kind]
    Image.fromarray(np.array([values], dtype)).save(tmp_path / "x.tiff")
    assert_named_everywhere(tmp_path / "x.tiff", complaint)


def test_the_content_tells_the_format(tmp_path):
    quarters().save(tmp_path / "x.png")
    for name in ("x.jpg", "x.avif", "x", "x.txt"):
        (tmp_path / name).write_bytes((tmp_path / "x.png").read_bytes())
        np.testing.assert_array_equal(seen_everywhere(tmp_path / name), BGR)


def test_exif_that_cannot_be_read_counts_as_upright(tmp_path):
    quarters().save(tmp_path / "x.png", exif=b"Exif\0\0MM\0*\0\0\0")
    np.testing.assert_array_equal(seen_everywhere(tmp_path / "x.png"), BGR)


def test_a_transparent_grey_of_16_bits_lies_over_white(tmp_path):
    path = tmp_path / "x.png"
    Image.fromarray(GREY * np.uint16(257)).save(path, transparency=int(GREY[0, 0]) * 257)
    expected = np.where(GREY == GREY[0, 0], 255, GREY)
    np.testing.assert_array_equal(seen_everywhere(path)[..., 0], expected)


def test_a_picture_of_too_many_pixels_is_refused_before_it_is_decoded(tmp_path):
    # 400 megapixels in 50 kB.
    Image.new("1", (20000, 20000)).save(tmp_path / "x.png", optimize=True)
    assert_named_everywhere(tmp_path / "x.png", "use a smaller image")


def test_the_sizes_of_a_turned_picture_are_compared_alike(tmp_path):
    exif = Image.Exif()
    exif[0x0112] = 6
    for suffix in ("jpg", "tiff"):
        path = tmp_path / f"x.{suffix}"
        quarters().save(path, exif=exif)
        record = {"file_name": str(path), "width": HEIGHT, "height": WIDTH}
        assert mapper(True)(record)["image"].shape == (3, WIDTH, HEIGHT)
        assert findings(path, HEIGHT, WIDTH) == {}
        assert findings(path, WIDTH, HEIGHT) == {
            "image_size_differs": [f"{path}: is 24 x 40 pixels, not 40 x 24"]
        }
