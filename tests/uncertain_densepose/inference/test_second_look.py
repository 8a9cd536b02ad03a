"""People read again in crops at the size of the training."""

from types import SimpleNamespace

import numpy as np
import pytest
import torch
from detectron2.config import get_cfg
from detectron2.structures import Boxes, Instances
from torch import nn

from tests.uncertain_densepose.inference.people_factory import flat_metric, linear_person
from uncertain_densepose import add_uncertain_densepose_config
from uncertain_densepose.inference import Predictor
from uncertain_densepose.inference.second_look import CROPS_AT_ONCE, crop_of
from uncertain_densepose.structures import ChartMaps

PERSON_SIZE = 100
IMAGE = np.random.default_rng(0).integers(0, 255, (300, 500, 3), dtype=np.uint8)


class Scene(nn.Module):
    """A network that finds the people of a scene wherever the picture was cut.

    It knows a crop by its size: no two are alike here.

    Args:
        people_xyxy: boxes in the whole picture, (N, 4).
        first_look_xyxy: those that it finds there, by default the same.
    """

    backbone = SimpleNamespace(size_divisibility=1)
    device = torch.device("cpu")

    def __init__(self, people_xyxy, first_look_xyxy=None):
        super().__init__()
        self.people = np.asarray(people_xyxy, np.float32).reshape(-1, 4)
        first = self.people if first_look_xyxy is None else first_look_xyxy
        self.first_look = np.asarray(first, np.float32).reshape(-1, 4)
        self.inputs, self.known = [], []

    def forward(self, inputs):
        found = Instances(IMAGE.shape[:2])
        found.pred_boxes = Boxes(torch.from_numpy(self.first_look))
        found.scores = torch.linspace(0.9, 0.8, len(self.first_look))
        found.pred_densepose = charts(range(len(self.first_look)))
        return [{"instances": found} for _ in inputs]

    def inference(self, inputs, detected_instances=None, do_postprocess=True):
        assert not do_postprocess
        self.inputs.append([tuple(one["image"].shape[-2:]) for one in inputs])
        if detected_instances is not None:
            self.known.append([one.pred_boxes.tensor.numpy() for one in detected_instances])
            for one in detected_instances:
                one.pred_densepose = charts([20])
            return detected_instances
        return [self._seen(one) for one in inputs]

    def _seen(self, one) -> Instances:
        height, width = one["image"].shape[-2:]
        (crop,) = (c for c in self.crops if c.size == (height, width))
        inside = crop.boxes_inside(self.people).clip(0, [width, height] * 2)
        shown = (inside[:, 2:] - inside[:, :2]).min(axis=1) > 1
        found = Instances((height, width))
        found.pred_boxes = Boxes(torch.from_numpy(inside[shown]).float())
        found.scores = torch.linspace(0.9, 0.8, int(shown.sum()))
        found.pred_densepose = charts(10 + np.flatnonzero(shown))
        return found


def charts(parts) -> ChartMaps:
    """Maps of a chart each, by which they are told apart."""
    people = [linear_person((0, 0, 9, 9), (9, 9), part=1 + part) for part in [*parts, 0]]
    return ChartMaps.cat([person.maps for person in people])[: len(people) - 1]


def predictor_of(model, margin=0.25) -> Predictor:
    cfg = get_cfg()
    add_uncertain_densepose_config(cfg)
    cfg.MODEL.DEVICE = "cpu"
    cfg.TEST.SECOND_LOOK.PERSON_SIZE = PERSON_SIZE
    cfg.TEST.SECOND_LOOK.MARGIN = margin
    model.crops = [crop_of(box, IMAGE.shape[:2], PERSON_SIZE, margin) for box in model.first_look]
    return Predictor.from_model(cfg, model, flat_metric())


@pytest.mark.parametrize("seed", range(20))
def test_a_crop_shows_the_person_at_the_stated_size(seed):
    rng = np.random.default_rng(seed)
    low = rng.uniform(-50, (480, 280))
    box = np.concatenate([low, np.maximum(low, 0) + rng.uniform(3, 200, 2)]).astype(np.float32)
    crop = crop_of(box, (300, 500), PERSON_SIZE, margin=0.25)
    x0, y0, x1, y1 = crop.window
    assert 0 <= x0 < x1 <= 500 and 0 <= y0 < y1 <= 300
    longer = (box[2:] - box[:2]).max()
    wished = box + np.array([-1, -1, 1, 1]) * 0.25 * longer
    seen = wished.clip(0, (500, 300) * 2)
    assert (crop.window[:2] <= seen[:2]).all() and (seen[2:] <= crop.window[2:]).all()
    assert (np.abs(crop.window - seen) <= 1).all()
    inside = crop.boxes_inside(box[None])
    np.testing.assert_allclose(crop.boxes_outside(inside)[0], box, atol=1e-3)
    # The size of the crop is whole pixels, so that its scale is off by half a pixel of its side.
    side = np.array(crop.size[::-1])
    np.testing.assert_allclose(crop.scale, PERSON_SIZE / longer, rtol=0.51 / side.min())


def test_a_person_whom_the_first_look_cut_is_seen_whole():
    whole, cut = [100, 50, 160, 250], [100, 50, 160, 215]
    (person,) = predictor_of(Scene([whole], [cut]))(IMAGE)
    np.testing.assert_allclose(person.box_xyxy, whole, atol=0.6)
    assert person.part[0, 0] == 11 and person.score == pytest.approx(0.9)


def test_neighbours_in_a_crop_are_not_mixed_up():
    people = [[100, 50, 160, 250], [150, 60, 235, 240]]
    found = predictor_of(Scene(people))(IMAGE)
    for number, person in enumerate(found):
        np.testing.assert_allclose(person.box_xyxy, people[number], atol=0.6)
        assert person.part[0, 0] == 11 + number


def test_a_person_whom_the_second_look_misses_keeps_the_box_of_the_first():
    box = [300, 40, 360, 200]
    (person,) = predictor_of(Scene([], [box]))(IMAGE)
    np.testing.assert_allclose(person.box_xyxy, box)
    assert person.part[0, 0] == 21


def test_given_boxes_are_kept_and_read_in_crops():
    model = Scene([])
    boxes = np.array([[-20, 30, 40, 130], [200, 100, 400, 290]], np.float32)
    predictor = predictor_of(model)
    people = predictor.predict_boxes(IMAGE, boxes)
    np.testing.assert_array_equal([person.box_xyxy for person in people], boxes)
    assert [person.part[0, 0] for person in people] == [21, 21] and people[0].score == 1
    for (known,) in (one for call in model.known for one in call):
        assert (known[2:] - known[:2]).max() == pytest.approx(PERSON_SIZE, rel=0.01)


def test_many_people_are_read_a_few_at_a_time():
    model = Scene([])
    boxes = np.tile(np.float32([[100, 50, 160, 250]]), (2 * CROPS_AT_ONCE + 1, 1))
    assert len(predictor_of(model).predict_boxes(IMAGE, boxes)) == len(boxes)
    assert [len(batch) for batch in model.inputs] == [CROPS_AT_ONCE, CROPS_AT_ONCE, 1]


def test_nobody_is_nobody():
    assert predictor_of(Scene([]))(IMAGE) == []
