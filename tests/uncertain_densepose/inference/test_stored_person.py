"""A person of a file does what the predicted one does, with the same numbers."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch

from tests.surface_factory import make_tiny_surface
from tests.uncertain_densepose.inference.people_factory import figure_person
from uncertain_densepose.inference import (
    ChartMetric,
    Click,
    ClickError,
    FusionError,
    Person,
    StoredPerson,
    body_points_at,
    condition,
    fuse_people,
    load_people,
    picture_maps,
    sample_error_field,
    save_people,
    surface_to_image,
    transfer_texture,
)
from uncertain_densepose.visualization import draw_isolines, draw_parts, person_ellipses

SIZE = (70, 50)
KINDS = ["offset", "similarity", "unshared", "plain"]


@pytest.fixture(scope="module")
def metric() -> ChartMetric:
    return ChartMetric(make_tiny_surface(cells=4))


def predicted(kind: str, metric: ChartMetric) -> Person:
    """A figure whose shared error is an offset, a similarity or none, or without a noise model."""
    person = figure_person((3.2, 2.1, 48.7, 69.4), SIZE, noise_model=kind != "plain")
    shared = person.maps.shared_covariance
    if kind == "similarity":
        root = 0.03 * torch.randn(1, 25, 4, 4, generator=torch.Generator().manual_seed(0))
        shared = root @ root.mT
    elif kind == "unshared":
        shared = None
    return replace(person, maps=replace(person.maps, shared_covariance=shared), metric=metric)


@pytest.fixture(params=KINDS)
def pair(request, metric, tmp_path) -> tuple[Person, StoredPerson]:
    """A predicted person, and the same from its file."""
    person = predicted(request.param, metric)
    save_people(tmp_path / "people.npz", [person], SIZE)
    (stored,) = load_people(tmp_path / "people.npz").with_metric(metric)
    return person, stored


def centres(person) -> np.ndarray:
    return np.argwhere(person.part > 0)[:, ::-1] + person.window[:2] + 0.5


def close(found, expected, rtol=1e-4, atol=1e-7):
    np.testing.assert_allclose(found, expected, rtol=rtol, atol=atol)


def test_maps_and_points_are_the_same(pair):
    person, stored = pair
    for name, values in person.tensors().items():
        found = stored.tensors()[name]
        assert (found is None) == (values is None), name
        if values is not None:
            close(found, values)
    points, found = person.at(centres(person)), stored.at(centres(person))
    assert found.part.equal(points.part) and found.shares_offset == points.shares_offset
    close(found.mean_uv, points.mean_uv)
    if person.has_uncertainty:
        close(found.variance, points.variance)
        close(found.joint_distribution().own_covariance(), _own(points))


def _own(points):
    return points.joint_distribution().own_covariance()


def test_points_on_the_body_are_the_same(pair):
    person, stored = pair
    xy = np.concatenate([centres(person)[::40], [[3.5, 2.5]]])  # The last is background.
    expected, found = body_points_at(person, xy), body_points_at(stored, xy)
    close(found.position_m, expected.position_m, atol=1e-6)
    assert np.isnan(found.position_m[-1]).all()
    if person.has_uncertainty:
        close(found.covariance_m2, expected.covariance_m2, rtol=1e-3, atol=1e-9)
    else:
        assert found.covariance_m2 is None


def clicks_on(person) -> list[Click]:
    """Two on one part, and one whose pixel shows another part."""
    row, column = np.nonzero(person.part == 2)
    x, y = column + person.window[0] + 0.5, row + person.window[1] + 0.25
    u, v = person.uv[row, column].T
    found = [Click(x[i], y[i], 2, float(u[i]) + 0.03, float(v[i]) - 0.02) for i in (5, -9)]
    return [*found, Click(x[40], y[40], 9, 0.25, 0.75)]


@pytest.mark.parametrize("sigma", [0.0, 0.005])
def test_clicks_move_the_same_pixels_by_as_much(pair, sigma):
    person, stored = pair
    clicks = clicks_on(person)
    if not person.has_uncertainty:
        with pytest.raises(ClickError, match="no noise model"):
            condition(stored, clicks)
        return
    expected, found = condition(person, clicks, sigma), condition(stored, clicks, sigma)
    assert found.informed.tolist() == expected.informed.tolist() == [True, True, False]
    np.testing.assert_array_equal(found.part, expected.part)
    close(found.uv, expected.uv, atol=1e-6)
    close(found.covariance_uv, expected.covariance_uv, rtol=1e-3, atol=1e-8)
    close(found.sigma_cm, expected.sigma_cm, rtol=1e-3, atol=1e-5)
    if person.shared_covariance is not None:
        # Charts without a click keep what they share.
        close(found.shared_covariance, expected.shared_covariance, rtol=1e-3, atol=1e-8)
        assert np.abs(found.uv - stored.uv)[stored.part == 2].min() > 1e-4
    with pytest.raises(ClickError, match="conditioned already"):
        condition(found, clicks)


def test_draws_have_the_same_moments(pair):
    person, stored = pair
    if not person.has_uncertainty:
        with pytest.raises(ValueError, match="no noise model"):
            sample_error_field(stored, 2)
        return
    found, expected = (sample_error_field(one, 2000)[:, person.part == 2] for one in pair)
    variance = np.diagonal(person.covariance_uv[person.part == 2], axis1=-2, axis2=-1)
    close(found.var(axis=0), variance, rtol=0.2)
    # The mean over a part moves by what its pixels share.
    close(found.mean(axis=1).var(axis=0), expected.mean(axis=1).var(axis=0), rtol=0.2)


def test_pictures_vertices_textures_and_results_are_the_same(pair):
    person, stored = pair
    picture = np.random.default_rng(0).integers(0, 256, (*SIZE, 3), dtype=np.uint8)
    for draw in (draw_parts, draw_isolines):
        np.testing.assert_array_equal(draw(picture, [stored]), draw(picture, [person]))
    assert len(person_ellipses(stored).centre) or not person.has_uncertainty
    found, expected = (transfer_texture([(picture, one)], texels=8) for one in (stored, person))
    np.testing.assert_array_equal(found.atlas, expected.atlas)
    vertex = int(person.metric.surface.faces[person.metric.surface.face_part == 2][0, 0])
    found, expected = (surface_to_image(one, vertex) for one in (stored, person))
    assert (found is None) == (expected is None)
    if found is not None:
        close(found.xy, expected.xy, rtol=1e-3)
    found, expected = (picture_maps([one], SIZE) for one in (stored, person))
    np.testing.assert_array_equal(found.part, expected.part)


def test_a_stored_person_is_stored_again_as_it_was(pair, tmp_path):
    _, stored = pair
    save_people(tmp_path / "again.npz", [stored], SIZE)
    (again,) = load_people(tmp_path / "again.npz").people
    for name, values in stored.tensors().items():
        if values is not None:
            close(again[name], values)


def test_what_a_file_does_not_hold_is_said(metric, tmp_path):
    person = predicted("offset", metric)
    save_people(tmp_path / "a.npz", [person], SIZE, frame="image")
    (stored,) = load_people(tmp_path / "a.npz").with_metric(metric)
    assert stored.window == (0, 0, 50, 70)
    close(stored.at(centres(person)).mean_uv, person.at(centres(person)).mean_uv)
    with pytest.raises(ValueError, match="the charts that pixels show alone"):
        stored.at(centres(person)[:2], np.array([1, 1]))
    with pytest.raises(FusionError, match="people of a file cannot be fused"):
        fuse_people([stored, stored])


def test_a_person_without_a_pixel_reads_background(metric, tmp_path):
    person = replace(predicted("offset", metric), box_xyxy=np.array([3, 3, 3.2, 9], np.float32))
    save_people(tmp_path / "a.npz", [person], SIZE)
    (stored,) = load_people(tmp_path / "a.npz").with_metric(metric)
    assert stored.part.size == 0
    assert body_points_at(stored, np.array([[3.1, 4.0]])).surface.face.tolist() == [-1]
