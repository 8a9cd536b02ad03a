"""The reader of `.mat` files gives what SciPy's does, and an error of its own for damaged ones."""

import random

import numpy as np
import pytest
from scipy.io import loadmat, savemat

from tests.surface_factory import make_tiny_surface
from tests.uncertain_densepose.surface.importers.densepose_files import (
    write_subdiv,
    write_symmetry,
    write_uv_processed,
)
from uncertain_densepose.errors import UserError
from uncertain_densepose.structures.chart_mirror import TabulatedChartMirror
from uncertain_densepose.surface import mat5
from uncertain_densepose.surface.importers import read_smpl_subdiv, read_uv_processed
from uncertain_densepose.surface.mat5 import MatFileError, read_mat5

TYPES = ("f8", "f4", "i1", "u1", "i2", "u2", "i4", "u4", "i8", "u8")


@pytest.mark.parametrize("compressed", [False, True])
def test_it_reads_what_scipy_reads(tmp_path, compressed):
    rng = np.random.default_rng(0)
    arrays = {f"a_{kind}": rng.integers(0, 100, (3, 5)).astype(kind) for kind in TYPES}
    arrays |= {
        "cube": rng.normal(size=(2, 3, 4)),
        "none": np.zeros((0, 3)),
        "one": np.array([[7.0]]),
    }
    cells = np.empty((1, 3), dtype=object)
    cells[0] = [rng.normal(size=(2, 2)), np.zeros((0, 0)), rng.integers(0, 9, (1, 4)).astype("u1")]
    others = {"text": "words", "complex": np.array([1j]), "structure": {"x": 1.0}}
    path = tmp_path / "a.mat"
    savemat(path, arrays | {"cells": cells} | others, do_compression=compressed)
    expected = loadmat(path, mat_dtype=True)
    found = read_mat5(path, [*arrays, "cells", *others, "absent"])
    assert set(found) == {*arrays, "cells", *others}
    for name in arrays:
        assert found[name].dtype == expected[name].dtype
        np.testing.assert_array_equal(found[name], expected[name])
    for own, theirs in zip(found["cells"], expected["cells"].flat, strict=True):
        np.testing.assert_array_equal(own.reshape(theirs.shape), theirs)
    assert [found[name] for name in others] == [None, None, None]


def test_whole_numbers_stored_small_are_of_their_class(tmp_path):
    """As MATLAB writes them: the doubles 1, 2, 3 in bytes."""
    path = tmp_path / "a.mat"
    savemat(path, {"a": np.array([[1, 2, 3]], dtype="u1")})
    content = path.read_bytes()
    path.write_bytes(content[:144] + b"\x06" + content[145:])
    np.testing.assert_array_equal(read_mat5(path, ["a"])["a"], [[1.0, 2.0, 3.0]])
    assert read_mat5(path, ["a"])["a"].dtype == np.float64


@pytest.mark.parametrize("content", [b"", b"x" * 127, b"x" * 400, bytes(128)])
def test_other_files_are_refused(tmp_path, content):
    (tmp_path / "a.mat").write_bytes(content)
    with pytest.raises(MatFileError, match="no header of MATLAB 5"):
        read_mat5(tmp_path / "a.mat", ["a"])


def test_a_bomb_is_refused(tmp_path, monkeypatch):
    monkeypatch.setattr(mat5, "MAX_BYTES", 10_000)
    savemat(tmp_path / "a.mat", {"a": np.zeros((100, 100))}, do_compression=True)
    with pytest.raises(MatFileError, match="over 10000 bytes"):
        read_mat5(tmp_path / "a.mat", ["a"])


def damaged(content: bytes, rng: random.Random) -> bytes:
    """A file cut off, with other bytes, with bytes that are missing, or with an odd length."""
    at = rng.randrange(len(content))
    kind = rng.randrange(4)
    if kind == 0:
        return content[:at]
    if kind == 1:
        return content[:at] + rng.randbytes(rng.randint(0, 64)) + content[at + rng.randint(1, 64) :]
    changed = bytearray(content)
    if kind == 2:
        for _ in range(rng.randint(1, 20)):
            changed[rng.randrange(len(changed))] = rng.randrange(256)
    else:
        at -= at % 4
        words = ("00000000", "ffffffff", "ffffff7f", "00000080", "01000000")
        changed[at : at + 4] = bytes.fromhex(rng.choice(words))
    return bytes(changed)


def test_400_damaged_files_are_read_or_refused_in_one_line(tmp_path):
    """With SciPy's reader 179 of 400 were raw errors, and some ended the process."""
    surface = make_tiny_surface()
    charts = write_uv_processed(tmp_path / "charts.mat", surface)
    subdiv, transform = write_subdiv(tmp_path, surface)
    mirror = write_symmetry(tmp_path / "mirror.mat", 8)
    readers = [
        (charts, lambda path: read_uv_processed(path, surface.vertices)),
        (subdiv, lambda path: read_smpl_subdiv(path, transform)),
        (transform, lambda path: read_smpl_subdiv(subdiv, path)),
        (mirror, TabulatedChartMirror.load),
    ]
    for source, read in list(readers):
        fields = {k: v for k, v in loadmat(source).items() if not k.startswith("_")}
        packed = source.with_suffix(".packed")
        savemat(packed, fields, appendmat=False, do_compression=True)
        readers.append((packed, read))
    rng = random.Random(0)
    victim, refused = tmp_path / "victim.mat", 0
    for number in range(400):
        source, read = readers[number % len(readers)]
        victim.write_bytes(damaged(source.read_bytes(), rng))
        try:
            read(victim)
        except UserError as error:
            refused += 1
            assert "victim.mat" in str(error) and "\n" not in str(error)
    assert refused > 200
