"""A picture's answer does not depend on the pictures that run with it."""

from __future__ import annotations

from types import SimpleNamespace

import cv2
import numpy as np
import pytest
import torch
from detectron2.structures import ImageList

from uncertain_densepose.inference import Predictor
from uncertain_densepose.modeling.augmented_inference import (
    DensePoseDatasetMapperTTA,
    DensePoseRCNNWithTTA,
)
from uncertain_densepose.modeling.equal_batches import equal_batches, padded_size
from uncertain_densepose.structures.chart_mirror import SymmetricChartMirror


@pytest.fixture(scope="module")
def predictor():
    return Predictor.from_zoo("synth/unc_full_small", device="cpu", score_threshold=0.3)


@pytest.fixture(scope="module")
def pictures():
    """The same person in pictures of several shapes, two of which are padded to equal sizes."""
    person = cv2.resize(cv2.imread("docs/person.jpg"), (160, 220))
    height, width, _ = person.shape
    sides = ((0, 0), (0, 150), (0, 60), (200, 0), (0, 150), (30, 5))
    whole = [
        cv2.copyMakeBorder(person, 0, down, 0, right, cv2.BORDER_CONSTANT, value=(90, 110, 100))
        for down, right in sides
    ]
    return [*whole, person[:, : width - 2]]


def agree(one, other):
    assert one.score == pytest.approx(other.score, abs=1e-4)
    np.testing.assert_allclose(one.box_xyxy, other.box_xyxy, atol=1e-3)
    assert one.window == other.window
    np.testing.assert_array_equal(one.part, other.part)
    np.testing.assert_allclose(one.uv, other.uv, atol=1e-4)
    np.testing.assert_allclose(one.sigma_cm, other.sigma_cm, rtol=1e-3, atol=1e-4)


def test_answers_of_a_mixed_batch_are_those_of_single_pictures(predictor, pictures):
    together = predictor(pictures)
    assert sum(map(len, together)) >= len(pictures) - 1
    for picture, people in zip(pictures, together, strict=True):
        alone = predictor(picture)
        assert len(alone) == len(people)
        for one, other in zip(people, alone, strict=True):
            agree(one, other)


def test_the_order_of_a_batch_is_kept(predictor, pictures):
    forth, back = predictor(pictures), predictor(pictures[::-1])[::-1]
    for people, same in zip(forth, back, strict=True):
        assert [one.window for one in people] == [one.window for one in same]


@torch.no_grad()
def test_augmented_views_and_pictures_do_not_see_each_other(predictor, pictures):
    """Views of several sizes run together; each answer is that of the view alone."""
    views = DensePoseDatasetMapperTTA((128, 192), 400, False, (10.0,))
    records = [
        {
            "image": torch.from_numpy(picture.transpose(2, 0, 1).copy()),
            "height": picture.shape[0],
            "width": picture.shape[1],
        }
        for picture in pictures[:2]
    ]
    mirror = SymmetricChartMirror()
    together, alone = (
        DensePoseRCNNWithTTA(predictor.cfg, predictor.model, mirror, views, batch_size=size)
        for size in (4, 1)
    )
    found = together(records)
    assert sum(len(output["instances"]) for output in found) >= 2
    for record, output in zip(records, found, strict=True):
        one, other = output["instances"], alone([record])[0]["instances"]
        assert len(one) == len(other)
        torch.testing.assert_close(
            one.pred_boxes.tensor, other.pred_boxes.tensor, atol=1e-3, rtol=0
        )
        torch.testing.assert_close(one.scores, other.scores, atol=1e-4, rtol=0)
        for name in ("u", "v"):
            maps = (getattr(each.pred_densepose, name) for each in (one, other))
            torch.testing.assert_close(*maps, atol=1e-4, rtol=0)


BACKBONES = {
    "FPN": SimpleNamespace(size_divisibility=32, padding_constraints={}),
    "an old Detectron2's": SimpleNamespace(size_divisibility=32),
    "without steps": SimpleNamespace(size_divisibility=0, padding_constraints={}),
    "a square": SimpleNamespace(
        size_divisibility=16, padding_constraints={"square_size": 128, "size_divisibility": 16}
    ),
}


@pytest.mark.parametrize("name", BACKBONES)
@pytest.mark.parametrize("size", [(64, 96), (65, 97), (1, 128)])
def test_the_padded_size_is_that_of_detectron2(name, size):
    backbone = BACKBONES[name]
    constraints = getattr(backbone, "padding_constraints", None)
    image = torch.zeros(3, *size)
    padded = ImageList.from_tensors(
        [image], backbone.size_divisibility, padding_constraints=constraints
    )
    model = SimpleNamespace(backbone=backbone)
    assert padded_size(model, *size) == tuple(padded.tensor.shape[-2:])


def test_equal_sizes_run_together_in_their_order():
    model = SimpleNamespace(backbone=BACKBONES["FPN"])
    sizes = [(64, 64), (32, 64), (60, 50), (33, 64), (32, 40)]
    inputs = [{"image": torch.zeros(3, *size)} for size in sizes]
    assert equal_batches(model, inputs) == [[0, 2, 3], [1, 4]]
    assert equal_batches(model, []) == []
