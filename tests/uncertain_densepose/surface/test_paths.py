"""Where the embedded body is looked for, and what the package carries of it."""

from __future__ import annotations

import numpy as np
import pytest

from tests.surface_factory import make_tiny_surface
from uncertain_densepose.surface import NUM_PARTS, PART_NAMES, Surface, default_surface_path
from uncertain_densepose.surface.paths import PACKAGED_CHARTS_PATH, charts_path


@pytest.fixture(autouse=True)
def data_folder(tmp_path, monkeypatch):
    monkeypatch.setenv("DETECTRON2_DATASETS", str(tmp_path))


def test_the_charts_of_an_unbuilt_body_are_the_packages():
    assert charts_path(default_surface_path()) == PACKAGED_CHARTS_PATH
    assert charts_path(str(default_surface_path())) == PACKAGED_CHARTS_PATH


def test_a_body_that_has_been_built_comes_first():
    make_tiny_surface(cells=1).save(default_surface_path())
    assert charts_path(default_surface_path()) == default_surface_path()


def test_a_damaged_body_is_not_passed_over():
    default_surface_path().write_text("no surface")
    assert charts_path(default_surface_path()) == default_surface_path()


def test_another_surface_that_is_missing_is_not_replaced(tmp_path):
    own = tmp_path / "own.npz"
    assert charts_path(own) == own


def test_the_packaged_charts_are_a_mirror_symmetric_body_of_24_parts_in_little_space():
    """Loading checks the symmetry of vertices, faces, parts and coordinates."""
    charts = Surface.load(PACKAGED_CHARTS_PATH)
    assert len(charts.mirror) == len(charts.vertices)
    assert charts.part_names == PART_NAMES
    assert np.array_equal(np.unique(charts.face_part), np.arange(1, NUM_PARTS + 1))
    assert not charts.has_distances
    assert PACKAGED_CHARTS_PATH.stat().st_size < 1.2e6
