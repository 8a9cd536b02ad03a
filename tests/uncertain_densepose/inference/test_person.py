"""People at image resolution: which pixels, read where, with what values."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
import torch
from detectron2.structures import Boxes, Instances

from tests.uncertain_densepose.inference.people_factory import (
    cell_centres,
    figure_person,
    flat_metric,
    linear_person,
    maps_of,
)
from uncertain_densepose.inference import Person, people_from_instances, person, pixel_window
from uncertain_densepose.structures import ChartMaps

MAPS = ("part", "uv", "covariance_uv", "sigma_uv", "sigma_cm", "part_probability")

DERIVATIVE = ((0.5, 0.1), (-0.2, 0.4))

BOXES = {
    "whole pixels": (10, 20, 50, 100),
    "fractional edges": (10.3, 20.8, 49.6, 99.1),
    "out of the image at the left and above": (-20.5, -7.25, 30.5, 60),
    "out of the image at the right and below": (100, 70.5, 190.75, 160),
    "larger than the image": (-50, -50, 250, 250),
}


@pytest.mark.parametrize("box", BOXES.values(), ids=BOXES.keys())
def test_a_linear_map_is_exact_at_pixel_centres(box):
    height, width, side = 120, 160, 16
    subject = linear_person(box, (height, width), side, derivative=DERIVATIVE)
    x0, y0, x1, y1 = subject.window
    assert 0 <= x0 < x1 <= width and 0 <= y0 < y1 <= height
    y, x = np.mgrid[y0:y1, x0:x1] + 0.5
    fraction = np.stack([(x - box[0]) / (box[2] - box[0]), (y - box[1]) / (box[3] - box[1])], -1)
    assert fraction.min() >= 0 and fraction.max() <= 1
    # Within half a cell of the border a map ends, and its last value is repeated.
    held = np.clip(fraction, 0.5 / side, 1 - 0.5 / side)
    expected = 0.2 + held @ np.array(DERIVATIVE).T
    assert subject.uv.shape == (y1 - y0, x1 - x0, 2)
    np.testing.assert_allclose(subject.uv, expected, atol=2e-5)


@pytest.mark.parametrize(
    "box, window",
    [
        ((0, 0, 4, 3), (0, 0, 4, 3)),
        ((0.5, 0.5, 3.5, 2.5), (0, 0, 3, 2)),
        ((0.51, 0.49, 3.51, 2.49), (1, 0, 4, 2)),
        ((-9, -9, 99, 99), (0, 0, 8, 6)),
    ],
)
def test_the_window_is_the_pixels_whose_centres_are_in_the_box(box, window):
    assert pixel_window(np.array(box), (6, 8)) == window


@pytest.mark.parametrize(
    "box",
    [(3.6, 3.6, 4.4, 4.4), (5, 5, 5, 5), (-9, 1, -2, 4), (20, 1, 30, 4), (6, 2, 4, 5)],
    ids=["between centres", "no area", "left of the image", "right of the image", "reversed"],
)
def test_a_box_without_pixel_centres_has_empty_maps(box):
    subject = linear_person(box, (6, 8))
    assert subject.part.size == 0
    assert subject.uv.shape == (*subject.part.shape, 2)
    assert subject.covariance_uv.shape == (*subject.part.shape, 2, 2)
    assert subject.sigma_uv.shape == subject.sigma_cm.shape == subject.part.shape


def test_a_box_of_less_than_a_pixel_around_a_centre_has_one_pixel():
    subject = linear_person((3.3, 2.2, 3.8, 2.9), (6, 8))
    assert subject.window == (3, 2, 4, 3)
    fraction = np.array([(3.5 - 3.3) / 0.5, (2.5 - 2.2) / 0.7])
    np.testing.assert_allclose(subject.uv[0, 0], 0.2 + 0.6 * fraction, atol=1e-5)


def test_window_slices_cut_the_persons_pixels_out_of_the_image():
    subject = linear_person((2, 1, 7, 4), (6, 8))
    image = np.arange(48).reshape(6, 8)
    np.testing.assert_array_equal(image[subject.window_slices], image[1:4, 2:7])


def test_reading_in_pieces_changes_nothing_but_rounding(monkeypatch):
    whole = figure_person((5.5, 3, 60, 90), (100, 80))
    monkeypatch.setattr(person, "POINTS_PER_READ", 37)
    pieces = figure_person((5.5, 3, 60, 90), (100, 80))
    np.testing.assert_array_equal(pieces.part, whole.part)
    # The end of an array may be computed by other instructions than its middle.
    np.testing.assert_allclose(pieces.covariance_uv, whole.covariance_uv, rtol=1e-6, atol=1e-9)


def test_background_is_part_0_and_nan():
    subject = figure_person((0, 0, 60, 90), (90, 60))
    background = subject.part == 0
    assert 0 < background.sum() < background.size
    for values in (subject.uv, subject.covariance_uv, subject.sigma_uv, subject.sigma_cm):
        missing = np.isnan(values.reshape(*background.shape, -1))
        np.testing.assert_array_equal(
            missing, np.repeat(background[..., None], missing.shape[2], 2)
        )


def test_covariance_is_the_marginal_of_all_three_terms():
    x, _ = cell_centres(8)
    shared = torch.zeros(25, 2, 2)
    shared[5] = torch.tensor([[3e-4, 1e-4], [1e-4, 2e-4]])
    direction = torch.tensor([0.1, -0.05])
    maps = maps_of(
        torch.full((8, 8), 5),
        x,
        x,
        torch.full((8, 8), 1e-3),
        direction.expand(8, 8, 2).permute(2, 0, 1),
        shared,
    )
    subject = Person(np.array([0, 0, 8, 8], np.float32), 1.0, maps, (8, 8), flat_metric())
    expected = 1e-3 * np.eye(2) + np.outer(direction, direction) + shared[5].numpy()
    np.testing.assert_allclose(
        subject.covariance_uv, np.broadcast_to(expected, (8, 8, 2, 2)), rtol=1e-5
    )
    np.testing.assert_allclose(subject.sigma_uv, np.sqrt(np.trace(expected) / 2), rtol=1e-5)
    # The stand-in charts are squares of half a metre.
    np.testing.assert_allclose(subject.sigma_cm, 50 * np.sqrt(np.trace(expected) / 2), rtol=1e-5)
    np.testing.assert_allclose(
        np.trace(subject.covariance_cm2[0, 0]), 2500 * np.trace(expected), rtol=1e-5
    )


def similarity_person():
    """Part 5 in the left half and part 6 in the right one, (u, v) = (x, y / 2) of the box."""
    x, y = cell_centres(8)
    shared = torch.zeros(25, 4, 4)
    shared[5] = torch.diag(torch.tensor([1e-4, 1e-4, 4e-2, 0.0]))
    shared[6] = torch.diag(torch.tensor([1e-4, 1e-4, 0.0, 9e-2]))
    part = torch.where(x < 0.5, 5, 6)
    maps = maps_of(part, x, y / 2, torch.full((8, 8), 1e-3), None, shared)
    return Person(np.array([0, 0, 8, 8], np.float32), 1.0, maps, (8, 8), flat_metric())


def test_a_shared_rotation_and_scaling_widen_the_error_away_from_the_part_s_centre():
    subject = similarity_person()
    for part, centre in ((5, [0.25, 0.25]), (6, [0.75, 0.25])):
        shown = subject.part == part
        c = subject.uv[shown] - np.array(centre)
        along = c if part == 6 else np.stack([-c[:, 1], c[:, 0]], axis=-1)
        variance = {5: 4e-2, 6: 9e-2}[part]
        expected = 1.1e-3 * np.eye(2) + variance * along[:, :, None] * along[:, None, :]
        np.testing.assert_allclose(subject.covariance_uv[shown], expected, rtol=1e-4, atol=1e-9)


def test_a_point_that_is_asked_for_has_the_covariance_of_its_pixel():
    subject = similarity_person()
    xy = np.array([[0.5, 0.5], [7.5, 2.5]])
    found = subject.at(xy).covariance().numpy()
    np.testing.assert_allclose(found, subject.covariance_uv[[0, 2], [0, 7]], rtol=1e-5)
    # A part that does not show turns about the centre of its chart.
    hidden = subject.at(xy, part=np.array([7, 7]))
    assert (hidden.shared_centre_uv == 0.5).all()


def test_a_model_without_noise_model_gives_no_sigma():
    subject = linear_person((0, 0, 8, 8), (8, 8), variance=None)
    assert not subject.has_uncertainty
    assert subject.covariance_uv is None and subject.sigma_uv is None
    assert subject.sigma_cm is None and subject.covariance_cm2 is None
    assert np.isfinite(subject.uv).all()


def test_half_precision_maps_give_float32_values():
    subject = linear_person((0, 0, 8, 8), (8, 8))
    halved = dataclasses.replace(subject, maps=subject.maps.to(torch.float16))
    assert halved.uv.dtype == halved.covariance_uv.dtype == np.float32
    np.testing.assert_allclose(halved.uv, subject.uv, atol=2e-3)


def test_reading_at_a_point_in_a_chosen_chart():
    subject = figure_person((0, 0, 60, 90), (90, 60))
    centre = np.array([[30.0, 43.0]])
    assert subject.at(centre).part.tolist() == [2]
    assert subject.at(centre, part=np.array([1])).part.tolist() == [1]


def test_people_come_in_the_order_of_falling_scores():
    first, second = (linear_person((0, 0, 8, 8), (8, 8), part=part).maps for part in (3, 4))
    instances = Instances((8, 8))
    instances.pred_boxes = Boxes(torch.tensor([[0.0, 0, 8, 8], [1, 1, 7, 7]]))
    instances.scores = torch.tensor([0.6, 0.8])
    instances.pred_densepose = ChartMaps.cat([first, second])
    people = people_from_instances(instances, flat_metric())
    assert [p.score for p in people] == pytest.approx([0.8, 0.6])
    assert people[0].box_xyxy.tolist() == [1, 1, 7, 7]
    assert [p.part[3, 3] for p in people] == [4, 3]


def test_no_people():
    nobody = Instances((8, 8))
    nobody.pred_boxes, nobody.scores = Boxes(torch.zeros(0, 4)), torch.zeros(0)
    nobody.pred_densepose = linear_person((0, 0, 8, 8), (8, 8)).maps[:0]
    assert people_from_instances(nobody, flat_metric()) == []


def test_plain_tensors_of_the_window_are_the_maps():
    subject = figure_person((5.5, 3, 60, 90), (100, 80))
    tensors = subject.tensors()
    assert all(isinstance(values, torch.Tensor) for values in tensors.values())
    assert tensors["window"].tolist() == list(subject.window)
    np.testing.assert_array_equal(tensors["box"], subject.box_xyxy)
    assert tensors["score"] == pytest.approx(subject.score)
    np.testing.assert_array_equal(tensors["mask"], subject.part > 0)
    np.testing.assert_array_equal(tensors["shared_covariance"], subject.maps.shared_covariance[0])
    for name in MAPS:
        np.testing.assert_array_equal(tensors[name], getattr(subject, name))
    assert tensors["part"].dtype == torch.uint8 and tensors["mask"].dtype == torch.bool


def test_plain_tensors_of_the_image_have_the_maps_in_their_place():
    subject = figure_person((-5.5, 3, 60, 90), (100, 80))
    tensors = subject.tensors("image")
    assert tensors["window"].tolist() == [0, 0, 80, 100]
    outside = np.ones((100, 80), bool)
    outside[subject.window_slices] = False
    assert not tensors["part"].numpy()[outside].any() and not tensors["mask"].numpy()[outside].any()
    for name in MAPS:
        whole = tensors[name].numpy()
        np.testing.assert_array_equal(whole[subject.window_slices], getattr(subject, name))
        assert name == "part" or np.isnan(whole[outside]).all()


def test_what_the_model_does_not_predict_is_none():
    tensors = linear_person((0, 0, 8, 8), (8, 8), variance=None).tensors("image")
    missing = {name for name, values in tensors.items() if values is None}
    assert missing == {"covariance_uv", "sigma_uv", "sigma_cm", "shared_covariance"}


def test_another_frame_is_refused():
    with pytest.raises(ValueError, match="frame must be one of box, image, not 'world'"):
        linear_person((0, 0, 8, 8), (8, 8)).tensors("world")
