from types import SimpleNamespace

import matplotlib.image
import numpy as np
import pytest

from tests.surface_factory import make_tiny_surface
from uncertain_densepose.visualization.body_figure import (
    NO_VALUE,
    TOWARD_VIEWER,
    BodyView,
    draw_face_values,
    draw_part_values,
    value_colours,
)
from uncertain_densepose.visualization.layers import colourise
from uncertain_densepose.visualization.palette import SIGMA_COLOURS


def valued_share(path, values) -> float:
    """The share of the pixels below the titles and left of the bar neither white nor grey."""
    draw_part_values(make_tiny_surface(), np.array(values, dtype=float), "cm", path)
    pixels = matplotlib.image.imread(path)[80:, :520, :3]
    # The colour of 0 is a black, darker than any shade of `NO_VALUE`.
    valued = (np.ptp(pixels, axis=2) > 0.2) | (pixels.max(axis=2) < 0.3)
    return float(valued.mean())


@pytest.mark.filterwarnings("error")
def test_parts_have_the_colour_of_their_value_and_grey_without(tmp_path):
    values = np.linspace(0, 5, 25)
    everything = valued_share(tmp_path / "a.png", values)
    # Of the board's thirteen rows two are the torso.
    values[3:] = np.nan
    torso = valued_share(tmp_path / "b.png", values)
    nothing = valued_share(tmp_path / "c.png", np.full(25, np.nan))
    assert everything > 0.03
    assert 0.05 * everything < torso < 0.25 * everything
    assert nothing == 0


@pytest.mark.filterwarnings("error")
def test_no_error_anywhere_is_drawn_too(tmp_path):
    assert valued_share(tmp_path / "zero.png", np.zeros(25)) > 0.03


@pytest.mark.filterwarnings("error")
def test_faces_have_colours_of_their_own_up_to_the_end_of_the_scale(tmp_path):
    surface = make_tiny_surface()
    values = np.where(np.arange(len(surface.faces)) % 2 == 0, 1.0, 9.0)
    draw_face_values(surface, values, "cm", tmp_path / "all.png")
    draw_face_values(surface, values, "cm", tmp_path / "cut.png", vmax=1.0)
    everything, cut = (
        matplotlib.image.imread(tmp_path / name)[..., :3] for name in ("all.png", "cut.png")
    )
    # At the end of the scale 1 and 9 look the same.
    left_body = np.s_[200:500, 100:420]
    assert len(np.unique(everything[left_body].reshape(-1, 3), axis=0)) > len(
        np.unique(cut[left_body].reshape(-1, 3), axis=0)
    )


def box_surface():
    """A closed box of 0.4 x 0.2 x 1 metres in 12 faces; two for each side, in this order."""
    x, y, z = np.meshgrid([-0.2, 0.2], [-0.1, 0.1], [0, 1], indexing="ij")
    vertices = np.stack([x, y, z], axis=-1).reshape(-1, 3)
    sides = {
        "front": (0, 4, 5, 1),
        "back": (6, 2, 3, 7),
        "left side": (4, 6, 7, 5),
        "right side": (2, 0, 1, 3),
    }
    lids = [(0, 2, 6, 4), (1, 5, 7, 3)]
    faces = [f for a, b, c, d in [*sides.values(), *lids] for f in ((a, b, c), (a, c, d))]
    return SimpleNamespace(vertices=vertices, faces=np.array(faces)), list(sides)


@pytest.mark.parametrize("height", [50, 111])
def test_each_view_shows_its_own_side(height):
    surface, sides = box_surface()
    colours = np.repeat(np.random.default_rng(0).uniform(0.2, 1, (6, 3)), 2, axis=0)
    for number, view in enumerate(sides):
        picture = BodyView(surface, view, height).paint(colours)
        width = height * (0.4 if view in ("front", "back") else 0.2)
        assert picture.shape[0] == height and picture.shape[1] == pytest.approx(width, abs=1.5)
        expected = np.round(255 * colours[2 * number])
        np.testing.assert_allclose(
            picture[2:-2, 2:-2],
            np.broadcast_to(expected, (height - 4, picture.shape[1] - 4, 3)),
            atol=1,
        )


def test_what_is_near_hides_what_is_far_and_up_is_up():
    surface = make_tiny_surface(cells=1)
    red = np.where((surface.face_part <= 1)[:, None], [1.0, 0, 0], [0, 0, 1.0])
    picture = BodyView(surface, "front", 130).paint(red)
    assert (picture[5] == (255, 0, 0)).all() and (picture[20:, :] == (0, 0, 255)).all()
    # Behind the board, its front does not show.
    assert (BodyView(surface, "back", 130).paint(red) == 255).all()


def test_the_person_s_left_is_on_the_viewer_s_right_in_front():
    surface = make_tiny_surface(cells=1)
    left = surface.vertices[surface.faces].mean(axis=1)[:, 0] > 0
    picture = BodyView(surface, "front", 130).paint(
        np.where(left[:, None], 1.0, [0.2]) * np.ones(3)
    )
    assert (picture[:, 11:] == 255).all() and (picture[:, :9] == 51).all()


def test_larger_values_are_brighter():
    brightness = value_colours(np.linspace(0, 5, 50), 5.0) @ np.array([0.2126, 0.7152, 0.0722])
    assert (np.diff(brightness) > 0).all()


def test_the_body_has_the_colours_of_sigma_on_the_image():
    values = np.linspace(0, 9, 40)
    on_image = colourise(values[None], 6.0, SIGMA_COLOURS)[0]
    np.testing.assert_allclose(255 * value_colours(values, 6.0), on_image, atol=1)
    np.testing.assert_allclose(value_colours(np.array([np.nan]), 6.0), [NO_VALUE])


def test_four_views_fit_in_a_picture(tmp_path):
    surface = make_tiny_surface()
    values = np.ones(len(surface.faces))
    draw_face_values(surface, values, "cm", tmp_path / "a.png", views=list(TOWARD_VIEWER))
    assert matplotlib.image.imread(tmp_path / "a.png").shape[1] == 1080
