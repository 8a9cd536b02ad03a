"""Bombs, small files that unpack or claim to unpack to more than memory holds, end in one line."""

from __future__ import annotations

import base64
import io
import struct
import subprocess
import sys
import zipfile
import zlib
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from uncertain_densepose.archives import (
    MAX_ARRAYS,
    ArchiveError,
    check_npy,
    check_safetensors_header,
    check_stored,
    open_npz,
)
from uncertain_densepose.errors import FieldError
from uncertain_densepose.evaluation.files.iuv_codec import decode_iuv
from uncertain_densepose.inference import ImageError, PeopleFileError, load_people, read_image
from uncertain_densepose.surface import Surface, SurfaceFileError
from uncertain_densepose.surface.importers import (
    SurfaceSourceError,
    read_body_vertices,
    read_obj_mesh,
)
from uncertain_densepose.surface.surface_file import is_mirror_symmetric
from uncertain_densepose.visualization.html_report import ReportError
from uncertain_densepose.visualization.html_report.figures import figure_groups
from uncertain_densepose.visualization.html_report.results import RunResults

MEGABYTE = 2**20


def header(shape: tuple[int, ...], dtype: str = "<f4") -> bytes:
    """Of a `.npy` that claims a shape."""
    file = io.BytesIO()
    content = {"descr": dtype, "fortran_order": False, "shape": shape}
    np.lib.format.write_array_header_1_0(file, content)
    return file.getvalue()


def npz(path: Path, method: int = zipfile.ZIP_DEFLATED, **members: bytes) -> Path:
    with zipfile.ZipFile(path, "w", method) as archive:
        for name, content in members.items():
            archive.writestr(f"{name}.npy", content)
    return path


def zeros_bomb(path: Path, name: str = "vertices") -> Path:
    """A `.npz` of some MB with an array of 5 GB, written and packed by pieces."""
    count = 5 * 2**30
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
        with archive.open(f"{name}.npy", "w", force_zip64=True) as file:
            file.write(header((count // 4,)))
            for _ in range(count // (64 * MEGABYTE)):
                file.write(bytes(64 * MEGABYTE))
    return path


@pytest.fixture(scope="module")
def bombs(tmp_path_factory) -> dict[str, Path]:
    folder = tmp_path_factory.mktemp("bombs")
    claims = header((10**6, 10**6))
    negative = header((2, 2)).replace(b"(2, 2)", b"(-1,4)")
    return {
        "claims a terabyte": npz(folder / "a.npz", vertices=claims),
        "claims beyond all numbers": npz(folder / "b.npz", vertices=header((2**62, 2**62))),
        "one of many": npz(folder / "c.npz", version=header(()) + bytes(4), x=claims),
        "of lzma": npz(folder / "d.npz", zipfile.ZIP_LZMA, vertices=header((1,)) + bytes(4)),
        "of bzip2": npz(folder / "e.npz", zipfile.ZIP_BZIP2, vertices=header((1,)) + bytes(4)),
        "no header": npz(folder / "f.npz", vertices=bytes(100)),
        "half a header": npz(folder / "h.npz", vertices=negative.replace(b")", b" ")),
        "negative": npz(folder / "g.npz", vertices=negative),
    }


REASONS = {
    "claims a terabyte": "its header claims an array of shape (1000000, 1000000)",
    "claims beyond all numbers": "its header claims an array of shape (4611686018427387904,",
    "one of many": "its header claims an array of shape (1000000, 1000000)",
    "of lzma": "packed in a way that NumPy does not write",
    "of bzip2": "packed in a way that NumPy does not write",
    "no header": "no header of an array",
    "half a header": "no header of an array",
    "negative": "its header claims an array of shape (-1, 4)",
}


@pytest.mark.parametrize("kind", REASONS)
@pytest.mark.parametrize(
    ("read", "error"),
    [
        (load_people, PeopleFileError),
        (Surface.load, SurfaceFileError),
        (is_mirror_symmetric, SurfaceFileError),
    ],
)
def test_an_archive_of_arrays_is_refused_in_one_line(bombs, kind, read, error):
    with pytest.raises(error) as caught:
        read(bombs[kind])
    assert str(caught.value).startswith(str(bombs[kind])) and "\n" not in str(caught.value)
    assert REASONS[kind] in str(caught.value)  # Whatever else is wrong with the file.


def test_an_archive_that_unpacks_to_more_than_the_limit_is_refused(tmp_path):
    small = npz(tmp_path / "a.npz", x=header((1000,)) + bytes(4000))
    with open_npz(small, limit=4200) as arrays:
        assert not arrays["x"].any() and len(arrays["x"]) == 1000
    with (
        pytest.raises(ArchiveError, match="unpacks to 4128 bytes, more than 4000"),
        open_npz(small, limit=4000),
    ):
        pass


def test_members_that_share_their_bytes_count_each_time(tmp_path):
    """A directory may point to one member many times over."""
    path = npz(tmp_path / "a.npz", x=header((1000,)) + bytes(4000))
    with zipfile.ZipFile(path, "a") as archive:
        archive.filelist += archive.filelist * 9
        archive._didModify = True
    with pytest.raises(ArchiveError, match="unpacks to 41280 bytes"), open_npz(path, limit=41000):
        pass


@pytest.mark.slow
def test_zeros_are_refused_within_little_memory(tmp_path):
    """5 GB of zeros, packed to a 200th."""
    path = zeros_bomb(tmp_path / "a.npz")
    assert path.stat().st_size < 30 * MEGABYTE
    code = f"""
import resource
from uncertain_densepose.inference import PeopleFileError, load_people
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
try:
    load_people({str(path)!r})
except PeopleFileError as error:
    print((resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) // 1024, error)
"""
    said = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    megabytes, _, message = said.stdout.partition(" ")
    assert int(megabytes) < 50
    assert f"more than {MAX_ARRAYS}" in message


def test_a_header_of_npy_is_compared_with_the_file(tmp_path):
    path = tmp_path / "a.npy"
    np.save(path, np.arange(5))
    check_npy(path)
    path.write_bytes(header((10**12,)) + bytes(8))
    with pytest.raises(ArchiveError, match="claims an array of shape"):
        check_npy(path)
    with pytest.raises(SurfaceSourceError, match=r"a\.npy: this is not a readable .npy array"):
        read_body_vertices(path)


def triangle(path: Path) -> Path:
    path.write_text("v 0 0 0\nv 1 0 0\nv 0 1 0\nvt 0 0\nvt 1 0\nvt 0 1\nf 1/1 2/2 3/3\n")
    return path


def test_a_header_of_a_list_of_charts_is_compared_with_the_file(tmp_path):
    parts = tmp_path / "parts.npy"
    parts.write_bytes(header((10**12,), "<i8") + bytes(8))
    with pytest.raises(SurfaceSourceError, match=r"parts\.npy: this is not a readable"):
        read_obj_mesh(triangle(tmp_path / "a.obj"), parts)


def test_other_files_pass_the_check_of_stored_archives(tmp_path):
    path = tmp_path / "a"
    path.write_bytes(b"no archive")
    check_stored(path)
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("a", bytes(1000))
    check_stored(path)


def test_an_empty_file_has_no_header(tmp_path):
    path = tmp_path / "a"
    path.write_bytes(b"")
    check_safetensors_header(path)  # Left to the library.
    with pytest.raises(ArchiveError):
        check_npy(path)


def chunk(kind: bytes, content: bytes) -> bytes:
    crc = zlib.crc32(kind + content)
    return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", crc)


def png(path: Path, width: int, height: int, extra: bytes = b"") -> Path:
    """A PNG that claims a size, whose pixels are zeros as far as they go."""
    size = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    pixels = zlib.compress(bytes(1000))
    path.write_bytes(
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", size)
        + extra
        + chunk(b"IDAT", pixels)
        + chunk(b"IEND", b"")
    )
    return path


def text_bomb() -> bytes:
    """Text that unpacks to 100 MB; Pillow stops at 64."""
    packed = zlib.compressobj()
    content = b"".join(packed.compress(bytes(MEGABYTE)) for _ in range(100)) + packed.flush()
    return chunk(b"zTXt", b"comment\0\0" + content)


@pytest.mark.parametrize(
    ("side", "extra"),
    [((60_000, 60_000), b""), ((2**31 - 1, 2**31 - 1), b""), ((9, 9), text_bomb())],
)
def test_a_picture_that_claims_too_much_is_refused(tmp_path, side, extra):
    """By Pillow, at 179 million pixels and at 64 MB of text."""
    path = png(tmp_path / "a.png", *side, extra)
    assert path.stat().st_size < MEGABYTE
    with pytest.raises(ImageError) as caught:
        read_image(path)
    assert str(caught.value).startswith(f"{path}: ") and "\n" not in str(caught.value)
    run = RunResults("run", tmp_path, {}, {"": [path]}, [])
    with pytest.raises(ReportError, match=r"a\.png: not a PNG, or truncated"):
        figure_groups([run])


def test_an_array_of_a_result_file_has_at_most_50_million_pixels():
    image = io.BytesIO()
    Image.new("RGB", (2, 3)).save(image, "PNG")
    text = base64.b64encode(image.getvalue()).decode()
    fits = {"uv_data": text, "uv_shape": [3, 3, 2]}
    assert decode_iuv(fits, np.array([0.0, 0.0, 2.0, 3.0])).shape == (3, 3, 2)
    bomb = {"uv_data": text, "uv_shape": [3, 10_000, 10_000]}
    with pytest.raises(FieldError, match="more than 50000000 pixels"):
        decode_iuv(bomb, np.array([0.0, 0.0, 10_000.0, 10_000.0]))
