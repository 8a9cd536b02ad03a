"""Pictures by name: what each layer draws, how they are joined, and models that lack one."""

from __future__ import annotations

import numpy as np
import pytest

from tests.uncertain_densepose.inference.people_factory import figure_person, linear_person
from uncertain_densepose.choices import DEFAULT_PICTURES
from uncertain_densepose.inference.error_field import sample_error_field
from uncertain_densepose.visualization import (
    PictureLayer,
    PictureStyle,
    draw_boxes,
    draw_ellipses,
    draw_errors,
    draw_isolines,
    draw_parts,
    draw_sigma_cm,
    draw_sigma_uv,
    draw_uv,
    make_panels,
    panel_grid,
    parse_pictures,
    register_picture_layer,
)
from uncertain_densepose.visualization.error_pictures import draw_seed
from uncertain_densepose.visualization.layers import draw_probability, shared_vmax_cm
from uncertain_densepose.visualization.picture_grid import BarScale, WheelScale
from uncertain_densepose.visualization.picture_layers import (
    PICTURE_LAYER_REGISTRY,
    PictureNameError,
    needs_centimetres,
    needs_noise_model,
    with_own_scale,
)

SIZE = (120, 160)
IMAGE = np.random.default_rng(0).integers(0, 255, (*SIZE, 3), dtype=np.uint8)
PEOPLE = [figure_person((20, 5, 90, 115), SIZE), figure_person((70, 10, 150, 118), SIZE, score=0.6)]
STYLE = PictureStyle(vmax_cm=6.0)

DRAWN = {
    "box": draw_boxes,
    "part": draw_parts,
    "probability": draw_probability,
    "isolines": draw_isolines,
    "sigma": lambda image, people: draw_sigma_cm(image, people, 6.0),
    "sigma_uv": lambda image, people: draw_sigma_uv(image, people, 0.3),
    "ellipses": draw_ellipses,
}


def panels_of(request: str, people=PEOPLE, style=STYLE):
    return make_panels(parse_pictures(request), IMAGE, people, style)


@pytest.mark.parametrize("name", DRAWN)
def test_a_layer_is_its_drawing_over_the_image(name):
    (panel,) = panels_of(name)
    np.testing.assert_array_equal(panel.picture, DRAWN[name](IMAGE, PEOPLE))
    assert panel.title and (panel.picture != IMAGE).any()


def test_coordinates_are_two_pictures():
    panels = panels_of("uv")
    assert [panel.title for panel in panels] == ["U", "V"]
    for panel, name in zip(panels, "uv", strict=True):
        np.testing.assert_array_equal(panel.picture, draw_uv(IMAGE, PEOPLE, name))


def test_samples_are_draws_of_each_person_at_twice_the_scale_of_sigma():
    panels = panels_of("samples", style=PictureStyle(6.0, num_samples=4, seed=9))
    assert [panel.title for panel in panels] == [f"error, draw {n}" for n in (1, 2, 3, 4)]
    for number, panel in enumerate(panels):
        errors = [
            sample_error_field(p, 1, draw_seed(9, number, i))[0] for i, p in enumerate(PEOPLE)
        ]
        np.testing.assert_array_equal(panel.picture, draw_errors(IMAGE, PEOPLE, errors, 12.0))
        assert panel.scale == WheelScale(12.0)
    assert len({panel.picture.tobytes() for panel in panels}) == 4


def test_every_layer_is_tested_here():
    assert {name for name, _ in PICTURE_LAYER_REGISTRY} == {*DRAWN, "uv", "samples"}


def test_layers_are_laid_over_each_other_in_their_order():
    (panel,) = panels_of("sigma+ellipses+box")
    below = draw_ellipses(draw_sigma_cm(IMAGE, PEOPLE, 6.0), PEOPLE)
    np.testing.assert_array_equal(panel.picture, draw_boxes(below, PEOPLE))
    assert panel.title == "standard deviation (cm), 1σ ellipses, detections"
    assert panel.scale == BarScale(("inferno",), 6.0, open_end=True)


def test_a_layer_over_two_pictures_is_in_both():
    first, second = panels_of("uv+box")
    np.testing.assert_array_equal(first.picture, draw_boxes(draw_uv(IMAGE, PEOPLE, "u"), PEOPLE))
    np.testing.assert_array_equal(second.picture, draw_boxes(draw_uv(IMAGE, PEOPLE, "v"), PEOPLE))
    assert [first.title, second.title] == ["U, detections", "V, detections"]


def test_the_scale_is_the_image_s_own_unless_it_is_given():
    (panel,) = panels_of("sigma", style=PictureStyle())
    assert panel.scale.vmax == shared_vmax_cm(PEOPLE)
    assert with_own_scale(PictureStyle(), []).vmax_cm == 1.0
    assert with_own_scale(STYLE, PEOPLE) is STYLE


def test_requests_are_names_by_commas_and_pluses():
    assert parse_pictures(" part, sigma + ellipses") == [["part"], ["sigma", "ellipses"]]
    assert parse_pictures(DEFAULT_PICTURES)


@pytest.mark.parametrize("request_, name", [("part,sgima", "sgima"), ("part+", ""), ("", "")])
def test_unknown_pictures_are_refused_with_those_that_there_are(request_, name):
    with pytest.raises(PictureNameError, match=f"no picture '{name}'; use box, part, "):
        parse_pictures(request_)


def test_pictures_of_uncertainty_are_known_as_such():
    needing = {name for name, _ in PICTURE_LAYER_REGISTRY if needs_noise_model([name])}
    assert needing == {"sigma", "sigma_uv", "ellipses", "samples"}
    in_cm = {name for name, _ in PICTURE_LAYER_REGISTRY if needs_centimetres([name])}
    assert in_cm == {"sigma", "samples"}
    assert needs_noise_model(["part", "ellipses"])


@pytest.mark.parametrize("request_", ["box", "part", "probability", "uv", "isolines"])
def test_the_other_pictures_need_no_noise_model(request_):
    people = [figure_person((20, 5, 90, 115), SIZE, noise_model=False)]
    assert all(
        (panel.picture != IMAGE).any() for panel in panels_of(request_, people, PictureStyle())
    )


@pytest.mark.parametrize(
    "people",
    [[], [linear_person((5, 5, 5, 5), SIZE)], [linear_person((0, 0, 90, 90), SIZE, part=0)]],
    ids=["nobody", "no area", "all background"],
)
def test_odd_people_are_drawn(people):
    every = ",".join(name for name, _ in PICTURE_LAYER_REGISTRY if name != "box")
    panels = panels_of(every, people, PictureStyle())
    assert all((panel.picture == IMAGE).all() for panel in panels)
    assert panel_grid(panels).shape[2] == 3
    assert len(panels_of("box", people)) == 1


@pytest.mark.parametrize("style", [PictureStyle(), STYLE], ids=["own scale", "given scale"])
def test_a_picture_without_people_says_so_and_has_no_scale(style):
    every = ",".join(name for name, _ in PICTURE_LAYER_REGISTRY)
    nobody, people = panels_of(every, [], style), panels_of(every, PEOPLE, style)
    # As many as with people: the frames of a video have one size.
    assert len(nobody) == len(people)
    assert {(panel.title, panel.scale) for panel in nobody} == {("nobody found", None)}
    assert "nobody found" not in {panel.title for panel in people}
    assert panel_grid(nobody).shape == panel_grid(people).shape


def test_a_layer_of_one_s_own_is_found_by_its_name():
    @register_picture_layer("negative")
    class Negative(PictureLayer):
        titles = ("negative",)

        def draw(self, picture, people, number):
            return 255 - picture

    try:
        (panel,) = panels_of("part+negative")
    finally:
        PICTURE_LAYER_REGISTRY._obj_map.pop("negative")
    np.testing.assert_array_equal(panel.picture, 255 - draw_parts(IMAGE, PEOPLE))
