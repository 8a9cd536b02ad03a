"""MATLAB's files: as SciPy reads them where they are whole, and one error where they are not."""

from __future__ import annotations

import io
import random
import struct
import zlib

import numpy as np
import pytest
from scipy.io import loadmat, savemat

from uncertain_densepose.surface import mat5
from uncertain_densepose.surface.mat5 import Mat5Error, read_mat5

RANDOM = np.random.default_rng(0)
TYPES = "i1 u1 i2 u2 i4 u4 i8 u8 f4 f8".split()


def cells(*shape: int) -> np.ndarray:
    made = np.empty(shape, dtype=object)
    for place in np.ndindex(shape):
        made[place] = RANDOM.random((3, 2 + sum(place)))
    return made


CONTENT = {
    **{f"of_{name}": RANDOM.integers(0, 100, (4, 3)).astype(name) for name in TYPES},
    "one": np.array([[7.0]]),
    "deep": RANDOM.random((2, 3, 4)),
    "empty": np.zeros((0, 3)),
    "cells": cells(1, 5),
    "square": cells(2, 3),
    "small": np.array([[1, 2]], dtype=np.uint8),
}
OTHERS = {"text": "abc", "structure": {"a": 1}, "complex": np.array([1j])}


def written(path, compressed: bool, content=CONTENT | OTHERS):
    savemat(path, content, do_compression=compressed)
    return path


@pytest.mark.parametrize("compressed", [False, True])
def test_variables_are_those_that_scipy_reads(tmp_path, compressed):
    path = written(tmp_path / "a.mat", compressed)
    expected, found = loadmat(path), read_mat5(path, CONTENT)
    assert found.keys() == CONTENT.keys()
    for name in CONTENT:
        assert found[name].shape == expected[name].shape
        if found[name].dtype == object:
            for one, other in zip(found[name].flat, expected[name].flat, strict=True):
                np.testing.assert_array_equal(one, other)
        else:
            np.testing.assert_array_equal(found[name], expected[name])
            assert found[name].size == 0 or found[name].dtype == expected[name].dtype
    assert list(read_mat5(path, ["one", "absent"])) == ["one"]


def test_files_of_the_other_byte_order_are_read(tmp_path):
    """Written by hand: SciPy writes that of the machine."""
    name, values = b"x", struct.pack(">3d", 1, 2, 3)
    parts = [
        struct.pack(">IIII", 6, 8, 6, 0),
        struct.pack(">IIii", 5, 8, 1, 3),
        struct.pack(">HH4s", 1, 1, name),
        struct.pack(">II", 9, len(values)) + values,
    ]
    matrix = b"".join(parts)
    path = tmp_path / "a.mat"
    header = b" " * 124 + struct.pack(">H", 0x0100) + b"MI"
    path.write_bytes(header + struct.pack(">II", 14, len(matrix)) + matrix)
    np.testing.assert_array_equal(read_mat5(path, ["x"])["x"], [[1, 2, 3]])
    np.testing.assert_array_equal(loadmat(path)["x"], [[1, 2, 3]])


@pytest.mark.parametrize("name", OTHERS)
def test_what_is_no_array_of_real_numbers_is_refused_when_it_is_asked_for(tmp_path, name):
    path = written(tmp_path / "a.mat", True)
    with pytest.raises(Mat5Error, match=f"field '{name}' is not an array of real numbers"):
        read_mat5(path, [name])


def test_a_file_that_unpacks_to_too_much_is_refused(tmp_path, monkeypatch):
    monkeypatch.setattr(mat5, "MAX_BYTES", 100_000)
    path = written(tmp_path / "a.mat", True, {"x": np.zeros(12_000), "y": np.zeros(100)})
    assert path.stat().st_size < 1000
    assert read_mat5(path, ["x"])["x"].size == 12_000
    path = written(tmp_path / "b.mat", True, {"x": np.zeros(12_000), "y": np.zeros(1000)})
    with pytest.raises(Mat5Error, match="unpacks to more than 100000 bytes"):
        read_mat5(path, ["x"])


@pytest.mark.parametrize("content", [b"", b"x" * 200, b"PK\x03\x04" + bytes(300), b"\x89HDF" * 99])
def test_other_files_are_refused(tmp_path, content):
    (tmp_path / "a.mat").write_bytes(content)
    with pytest.raises(Mat5Error, match="does not begin as files of MATLAB 5 do"):
        read_mat5(tmp_path / "a.mat", ["x"])


def claim(shape, data: bytes, kind: int = 9) -> bytes:
    """A file whose variable x claims a shape."""
    parts = [
        struct.pack("<IIII", 6, 8, 6, 0),
        struct.pack("<IIii", 5, 8, *shape),
        struct.pack("<HH4s", 1, 1, b"x"),
        struct.pack("<II", kind, len(data)) + data,
    ]
    matrix = b"".join(parts)
    packed = zlib.compress(struct.pack("<II", 14, len(matrix)) + matrix)
    header = b" " * 124 + struct.pack("<H", 0x0100) + b"IM"
    return header + struct.pack("<II", 15, len(packed)) + packed


@pytest.mark.parametrize("shape", [(2**30, 2**30), (-1, -1), (3, 3)])
def test_a_variable_that_claims_more_than_it_has_is_refused(tmp_path, shape):
    path = tmp_path / "a.mat"
    path.write_bytes(claim((1, 2), bytes(16)))
    assert read_mat5(path, ["x"])["x"].shape == (1, 2)
    path.write_bytes(claim(shape, bytes(16)))
    with pytest.raises(Mat5Error, match="claims the shape"):
        read_mat5(path, ["x"])


@pytest.mark.parametrize("compressed", [False, True])
def test_damage_anywhere_is_one_kind_of_error(compressed):
    """2 000 files, some of which crash SciPy's reader."""
    import tempfile

    chance = random.Random(compressed)
    buffer = io.BytesIO()
    savemat(buffer, CONTENT | OTHERS, do_compression=compressed)
    whole = buffer.getvalue()
    refused = 0
    with tempfile.NamedTemporaryFile() as file:
        for trial in range(1000):
            damaged = bytearray(whole)
            if trial % 3 == 0:
                del damaged[chance.randrange(len(whole)) :]
            for _ in range(trial % 3 * 4):
                damaged[chance.randrange(len(whole))] = chance.randrange(256)
            file.seek(0)
            file.truncate()
            file.write(damaged)
            file.flush()
            try:
                read_mat5(file.name, CONTENT)
            except Mat5Error as error:
                assert "\n" not in str(error)
                refused += 1
    assert refused > 100
