"""Where a vertex of the body is seen, on a board whose charts are linear in the image."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
import torch

from tests.surface_factory import make_tiny_surface
from tests.uncertain_densepose.inference.people_factory import cell_centres, linear_person, maps_of
from uncertain_densepose.inference import ChartMetric, Person, surface_to_image
from uncertain_densepose.inference.seen_vertex import vertex_places
from uncertain_densepose.surface import Surface

BOX = (10.0, 20.0, 90.0, 80.0)
IMAGE_SIZE = (100, 120)
HAND = 3


@pytest.fixture(scope="module")
def metric() -> ChartMetric:
    return ChartMetric(make_tiny_surface(cells=10))


def vertex_at(surface: Surface, part: int, uv: tuple[float, float]) -> int:
    """The vertex of a part that is nearest to chart coordinates."""
    face = np.flatnonzero(surface.face_part == part)
    off = np.linalg.norm(surface.face_uv[face] - np.array(uv), axis=-1)
    return int(surface.faces[face].ravel()[off.argmin()])


def seen_person(metric: ChartMetric, sigma_uv: float | None = 0.03, extent: float = 0.6) -> Person:
    """The hand over the whole box, u and v from 0.2 to 0.2 + extent."""
    derivative = ((extent, 0.0), (0.0, extent))
    variance = None if sigma_uv is None else sigma_uv**2
    person = linear_person(BOX, IMAGE_SIZE, 64, HAND, derivative, variance)
    return dataclasses.replace(person, metric=metric)


def in_image(uv: np.ndarray, extent: float = 0.6) -> np.ndarray:
    return np.array(BOX[:2]) + (uv - 0.2) / extent * np.array([80, 60])


def test_a_vertex_in_the_middle_of_the_seen_area(metric):
    vertex = vertex_at(metric.surface, HAND, (0.5, 0.5))
    _, (uv,) = vertex_places(metric.surface, vertex)
    seen = surface_to_image(seen_person(metric), vertex)
    expected = in_image(uv)
    np.testing.assert_allclose(seen.xy, expected, atol=0.02)
    assert np.abs(np.array(seen.pixel) + 0.5 - expected).max() <= 0.51
    assert seen.score == pytest.approx(1, abs=0.01)
    # sigma_uv in pixels along each axis, and half a pixel of blur.
    sigma_px = 0.03 / 0.6 * np.array([80, 60])
    np.testing.assert_allclose(np.sqrt(np.diag(seen.covariance_px2)), np.hypot(sigma_px, 0.5), 0.01)
    assert seen.spread_px == pytest.approx(np.sqrt((np.hypot(sigma_px, 0.5) ** 2).mean()), 0.01)


def test_the_score_is_the_probability_of_being_in_the_seen_area_by_samples(metric):
    """A model whose coordinates end at 0.8: how often does the true point lie in the picture?"""
    rng, person = np.random.default_rng(0), seen_person(metric, 0.05)
    for place in ((0.5, 0.5), (0.8, 0.5), (0.75, 0.25), (0.86, 0.5)):
        vertex = vertex_at(metric.surface, HAND, place)
        _, (uv,) = vertex_places(metric.surface, vertex)
        drawn = rng.normal(uv, 0.05, (200_000, 2))
        expected = ((drawn > 0.2) & (drawn < 0.8)).all(axis=1).mean()
        assert surface_to_image(person, vertex).score == pytest.approx(expected, abs=0.02)


@pytest.mark.parametrize("sigma_uv, extent", [(None, 0.6), (None, 0.1), (1e-4, 0.1), (0.1, 0.75)])
def test_the_sum_over_pixels_is_the_integral_whatever_the_variance(metric, sigma_uv, extent):
    person, centre = seen_person(metric, sigma_uv, extent), 0.2 + extent / 2
    inside = []
    for vertex in np.unique(metric.surface.faces[metric.surface.face_part == HAND]).tolist():
        _, places = vertex_places(metric.surface, vertex)
        if len(places) == 1 and np.abs(places - centre).max() < 0.05:
            inside.append(surface_to_image(person, vertex).score)
    assert len(inside) >= 1
    np.testing.assert_allclose(inside, 1, atol=0.03)


def test_a_part_that_is_not_seen_gives_none(metric):
    other = vertex_at(metric.surface, 23, (0.5, 0.5))
    assert surface_to_image(seen_person(metric), other) is None


def test_a_place_too_far_from_all_that_is_seen_gives_none(metric):
    far = vertex_at(metric.surface, HAND, (0.95, 0.95))
    assert surface_to_image(seen_person(metric, 1e-3, extent=0.05), far) is None


def test_a_vertex_on_a_border_adds_up_what_both_charts_show(metric):
    """The two halves of the head meet at x = 0, where u is 0.95 of each."""
    surface = metric.surface
    vertex = vertex_at(surface, 23, (0.95, 0.5))
    parts, places = vertex_places(surface, vertex)
    assert sorted(parts.tolist()) == [23, 24]
    np.testing.assert_allclose(places[:, 0], 0.95, atol=1e-6)
    x, y = cell_centres(64)
    maps = maps_of(torch.where(x < 0.5, 23, 24), x, 0.95 - 0.9 * y, torch.full((64, 64), 0.03**2))
    u = maps.u.clone()
    u[0, 23], u[0, 24] = 0.45 + x, 1.45 - x
    maps = dataclasses.replace(maps, u=u)
    person = Person(np.array(BOX, np.float32), 1.0, maps, IMAGE_SIZE, metric)
    seen = surface_to_image(person, vertex)
    assert seen.score == pytest.approx(1, abs=0.01)
    np.testing.assert_allclose(seen.xy[0], 50, atol=0.05)


def test_a_vertex_that_is_none_is_named(metric):
    with pytest.raises(ValueError, match="vertex 999999: tiny-board has vertices 0.."):
        surface_to_image(seen_person(metric), 999_999)


def test_a_person_without_pixels_shows_nothing(metric):
    person = dataclasses.replace(seen_person(metric), box_xyxy=np.zeros(4, np.float32))
    assert surface_to_image(person, vertex_at(metric.surface, HAND, (0.5, 0.5))) is None
