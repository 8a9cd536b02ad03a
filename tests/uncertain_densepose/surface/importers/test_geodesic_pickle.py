"""DensePose's pickle of distances: read, and never obeyed."""

import os
import pickle

import numpy as np
import pytest

from tests.uncertain_densepose.surface.importers.densepose_files import write_distances
from uncertain_densepose.restricted_pickle import RestrictedPickleError
from uncertain_densepose.surface.importers import SurfaceSourceError, convert_distance_pickle

COUNT = 40


@pytest.fixture
def distance():
    place = np.random.default_rng(0).uniform(0, 1, (COUNT, 3))
    return np.linalg.norm(place[:, None] - place[None], axis=-1)


@pytest.mark.parametrize("protocol", range(pickle.HIGHEST_PROTOCOL + 1))
def test_every_protocol_gives_the_lower_triangle_row_by_row(tmp_path, distance, protocol):
    path, done = write_distances(tmp_path / "d.pkl", distance, protocol), []
    table = convert_distance_pickle(
        path, tmp_path / "d.npy", COUNT, lambda *step: done.append(step)
    )
    rows, columns = np.tril_indices(COUNT, -1)
    expected = distance[rows, columns].astype(np.float32).astype(np.float16)
    np.testing.assert_array_equal(np.load(table.path), expected)
    assert done == [(len(rows), len(rows))]


class Attack:
    """Makes a folder when it is unpickled by `pickle.load`."""

    def __init__(self, folder):
        self.folder = folder

    def __reduce__(self):
        return os.mkdir, (str(self.folder),)


@pytest.mark.parametrize("protocol", range(pickle.HIGHEST_PROTOCOL + 1))
def test_a_pickle_that_does_more_is_refused_and_not_run(tmp_path, distance, protocol):
    table = {"Pdist_matrix": distance, "more": Attack(tmp_path / "broken in")}
    path = tmp_path / "Pdist_matrix.pkl"
    path.write_bytes(pickle.dumps(table, protocol))
    with pytest.raises(RestrictedPickleError, match=r"Pdist_matrix\.pkl: refused.*mkdir"):
        convert_distance_pickle(path, tmp_path / "d.npy", COUNT)
    assert not (tmp_path / "broken in").exists() and not (tmp_path / "d.npy").exists()
    pickle.loads(path.read_bytes())
    assert (tmp_path / "broken in").exists(), "the attack is none"


@pytest.mark.parametrize(
    ("content", "complaint"),
    [
        ([1, 2], "no array of distances 'Pdist_matrix'"),
        ({"matrix": np.zeros(780)}, "no array of distances"),
        ({"Pdist_matrix": np.zeros(780, dtype=int)}, "no array of distances"),
        ({"Pdist_matrix": np.zeros(741)}, "741 distances, expected 780 for the 40 vertices"),
        ({"Pdist_matrix": np.full(780, np.nan)}, "negative or not finite"),
    ],
)
def test_other_contents_are_refused(tmp_path, content, complaint):
    path = tmp_path / "d.pkl"
    path.write_bytes(pickle.dumps(content))
    with pytest.raises(SurfaceSourceError, match=complaint):
        convert_distance_pickle(path, tmp_path / "d.npy", COUNT)
    assert not (tmp_path / "d.npy").exists()
