"""People read in boxes that somebody else has found."""

from __future__ import annotations

import numpy as np
import pytest

from tests.uncertain_densepose.inference.test_predictor import IMAGE, RecordingModel, predictor_of


def test_given_boxes_reach_the_network_in_its_frame_and_come_back_unchanged():
    model = RecordingModel()
    boxes = np.array([[-3.5, 2, 20, 38], [30, 5, 70, 39]])
    people = predictor_of(model, score_threshold=0.99).predict_boxes(IMAGE, boxes)
    assert model.known.image_size == (80, 120)
    np.testing.assert_allclose(model.known.pred_boxes.tensor.numpy(), 2 * boxes)
    assert model.known.pred_classes.tolist() == [0, 0]
    np.testing.assert_allclose([p.box_xyxy for p in people], boxes)
    assert [p.score for p in people] == [1, 1]
    assert [p.part[0, 0] for p in people] == [1, 2]
    assert people[1].window == (30, 5, 60, 39)


def test_no_given_boxes_give_nobody():
    assert predictor_of(RecordingModel()).predict_boxes(IMAGE, np.empty((0, 4))) == []


def test_given_boxes_of_another_shape_are_refused():
    with pytest.raises(ValueError, match=r"\(N, 4\), not \(4,\)"):
        predictor_of(RecordingModel()).predict_boxes(IMAGE, np.array([0, 0, 5, 5]))


@pytest.mark.parametrize(
    ("box", "what"),
    [
        ([0, np.nan, 5, 5], "not finite"),
        ([0, 0, np.inf, 5], "not finite"),
        ([5, 0, 5, 5], "no width or no height"),
        ([0, 9, 5, 3], "no width or no height"),
        ([60, 0, 70, 5], "outside the image of 60 x 40 pixels"),
        ([-9, 0, 0, 5], "outside the image"),
        ([0, 40, 5, 50], "outside the image"),
        ([0, -9, 5, -1], "outside the image"),
    ],
)
def test_a_given_box_that_covers_nothing_of_the_image_is_named(box, what):
    with pytest.raises(ValueError, match=rf"box 1 of boxes_xyxy, \[.*{what}"):
        predictor_of(RecordingModel()).predict_boxes(IMAGE, [[0, 0, 5, 5], box])


def test_a_detector_of_one_s_own_takes_the_place_of_the_model_s():
    model, seen = RecordingModel(), []

    def detector(image):
        seen.append(image)
        return np.array([[1, 2, 20, 30], [3, 4, 9, 9], [30, 5, 50, 39.0]]), np.array(
            [0.6, 0.4, 0.9]
        )

    predictor = predictor_of(model, score_threshold=0.5, detector=detector)
    people = predictor(IMAGE)
    np.testing.assert_array_equal(seen[0], IMAGE)
    np.testing.assert_allclose([p.box_xyxy for p in people], [[30, 5, 50, 39], [1, 2, 20, 30]])
    assert [p.score for p in people] == pytest.approx([0.9, 0.6])
    assert model.batches == []


def test_a_detector_that_finds_nobody():
    predictor = predictor_of(RecordingModel(), detector=lambda _: ([], []))
    assert predictor([IMAGE, IMAGE]) == [[], []]


def test_scores_of_given_boxes_are_kept_and_must_be_as_many():
    predictor = predictor_of(RecordingModel())
    boxes = np.array([[1, 2, 20, 30], [3, 4, 9, 9]])
    people = predictor.predict_boxes(IMAGE, boxes, np.array([0.2, 0.7]))
    assert [p.score for p in people] == pytest.approx([0.2, 0.7])
    with pytest.raises(ValueError, match=r"scores must have shape \(2,\), not \(1,\)"):
        predictor.predict_boxes(IMAGE, boxes, np.array([0.2]))
