"""Predictions at all annotated points of a data set."""

import torch

from tests.uncertain_densepose.evaluation.runs import given_box_answers, nobody, run
from tests.uncertain_densepose.evaluation.scene import LEFT, NUM_POINTS, RIGHT
from uncertain_densepose.evaluation.annotated_points import AnnotatedPointsEvaluator


def test_every_point_comes_with_its_label_and_its_person_s_part(dataset, people):
    evaluator = AnnotatedPointsEvaluator(dataset, distributed=False)
    results = run(evaluator, given_box_answers())
    assert results == {"annotated_points": {"num_points": 3 * NUM_POINTS, "num_groups": 6}}
    points = evaluator.points
    predicted, uv, group = points.predicted, points.uv, points.group
    torch.testing.assert_close(predicted.mean_uv, uv, atol=1e-5, rtol=0)
    assert predicted.mean_uv.dtype == uv.dtype == torch.float64
    labelled = [person for person in people if "dp_I" in person]
    assert predicted.part.tolist() == [part for person in labelled for part in person["dp_I"]]
    assert uv[:, 0].tolist() == [u for person in labelled for u in person["dp_U"]]
    # Groups are the pairs of person and part.
    owner = torch.arange(3).repeat_interleave(NUM_POINTS)
    pair = torch.stack([owner, predicted.part], dim=1)
    assert set(predicted.part.tolist()) == {LEFT, RIGHT}
    same_pair = (pair[:, None] == pair).all(dim=-1)
    assert torch.equal(group[:, None] == group, same_pair)
    assert group.max() == 5


def test_an_image_without_points_adds_none(dataset):
    evaluator = AnnotatedPointsEvaluator(dataset, distributed=False)
    assert run(evaluator, {3: nobody()})["annotated_points"]["num_points"] == 0
    assert evaluator.points is None
