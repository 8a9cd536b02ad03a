"""A table on disk answers as the array would, without being held."""

import pickle

import numpy as np
import pytest

from uncertain_densepose.surface import distances_on_disk
from uncertain_densepose.surface.distances_on_disk import DistancesOnDisk


@pytest.fixture
def table() -> np.ndarray:
    return np.random.default_rng(0).uniform(0, 2, 200_000).astype(np.float32)


def blocks_of(table, size=70_000):
    return (table[start : start + size, None] for start in range(0, len(table), size))


@pytest.mark.parametrize("shape", [(0,), (), (1,), (5000,), (3, 0), (40, 50)])
def test_lookups_are_those_of_the_array(tmp_path, table, shape):
    stored = DistancesOnDisk.write(tmp_path / "t.npy", blocks_of(table), len(table))
    index = np.random.default_rng(1).integers(len(table), size=shape)
    found = stored[index]
    assert found.dtype == np.float16 and found.shape == shape
    np.testing.assert_array_equal(found, table.astype(np.float16)[index])
    assert len(stored) == len(table) and stored.shape == table.shape


def test_no_more_than_a_few_pages_are_held(tmp_path, table, monkeypatch):
    monkeypatch.setattr(distances_on_disk, "_PAGES_AT_ONCE", 5)
    stored = DistancesOnDisk.write(tmp_path / "t.npy", blocks_of(table), len(table))
    read, pages = [], DistancesOnDisk._read

    def watched(self, wanted):
        read.append(wanted.tolist())
        return pages(self, wanted)

    monkeypatch.setattr(DistancesOnDisk, "_read", watched)
    index = np.r_[np.arange(9) * 2048 * 3, np.arange(9) * 2048 * 3 + 5, len(table) - 1]
    np.testing.assert_array_equal(stored[index], table.astype(np.float16)[index])
    # Entries of one page share it, and the last page is not whole.
    assert read == [[0, 3, 6, 9, 12], [15, 18, 21, 24, 97]]


def test_an_entry_beyond_the_table_is_refused(tmp_path, table):
    stored = DistancesOnDisk.write(tmp_path / "t.npy", blocks_of(table), len(table))
    with pytest.raises(IndexError, match="entry 200000 of a table of 200000"):
        stored[np.array([3, 200_000])]


def test_it_travels_to_other_processes_as_a_path(tmp_path, table):
    stored = DistancesOnDisk.write(tmp_path / "t.npy", blocks_of(table), len(table))
    copy = pickle.dumps(stored)
    assert len(copy) < 500
    np.testing.assert_array_equal(pickle.loads(copy)[np.arange(9)], stored[np.arange(9)])


@pytest.mark.parametrize("value", [-0.01, np.nan, np.inf, 70_000])
def test_a_distance_that_is_none_is_not_written(tmp_path, table, value):
    table[150_000] = value
    with pytest.raises(ValueError, match="negative or not finite"):
        DistancesOnDisk.write(tmp_path / "t.npy", blocks_of(table), len(table))
    assert list(tmp_path.iterdir()) == []


def test_another_number_of_distances_is_not_written(tmp_path, table):
    with pytest.raises(ValueError, match="has 200000 distances, expected 200001"):
        DistancesOnDisk.write(tmp_path / "t.npy", blocks_of(table), len(table) + 1)
    assert list(tmp_path.iterdir()) == []


def test_other_files_are_refused(tmp_path, table):
    path = tmp_path / "t.npy"
    np.save(path, table)
    with pytest.raises(ValueError, match="float32"):
        DistancesOnDisk(path)
    DistancesOnDisk.write(path, blocks_of(table), len(table))
    path.write_bytes(path.read_bytes()[:-10])
    with pytest.raises(ValueError, match="holds 399990 bytes, expected 400000"):
        DistancesOnDisk(path)
