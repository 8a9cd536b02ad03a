"""The worth of clicks, measured on labels that are drawn from a known model."""

import pytest
import torch

from uncertain_densepose.evaluation.points.readings import noise_model
from uncertain_densepose.inference.clicks_curve import clicks_curve
from uncertain_densepose.structures import PointPredictions

OWN, SHARED = 4e-4, 1.6e-3
GROUPS, SIZE = 600, 8


def drawn(shared_covariance):
    """Predictions in groups of `SIZE`, and one sample of their labels."""
    torch.manual_seed(0)
    num_points = GROUPS * SIZE
    group = torch.arange(GROUPS).repeat_interleave(SIZE)[torch.randperm(num_points)]
    points = PointPredictions(
        part=torch.ones(num_points, dtype=torch.int64),
        mean_uv=torch.rand(num_points, 2).double(),
        variance=torch.full((num_points,), OWN).double(),
        direction=torch.zeros(num_points, 2).double(),
        shared_covariance=None
        if shared_covariance is None
        else shared_covariance.double().expand(num_points, -1, -1),
    )
    return points, noise_model(points, group).rsample(), group


def curve_of(shared_covariance, **options):
    points, target, group = drawn(shared_covariance)
    generator = torch.Generator().manual_seed(1)
    options = {"click_sigma_uv": 0.0} | options
    return clicks_curve(points, target, group, generator=generator, **options)


def test_clicks_lower_the_error_by_what_the_closed_form_predicts():
    curve = curve_of(SHARED * torch.eye(2))
    assert curve.num_clicks == (0, 1, 2, 3, 5)
    assert len(curve.point) == 3 * GROUPS
    for number, found in zip(curve.num_clicks, curve.rms_error_uv, strict=True):
        # A variance b, known from n labels of variance s each, is 1 / (1 / b + n / s).
        left = 1 / (1 / SHARED + number / OWN)
        expected = (2 * (OWN + left)) ** 0.5
        assert found.item() == pytest.approx(expected, rel=0.05)
    torch.testing.assert_close(curve.rms_error_uv, curve.expected_rms_error_uv, rtol=0.05, atol=0)
    # Of an error of which four fifths are shared, two clicks take away a good third.
    ratio = (curve.mean_error_uv[2] / curve.mean_error_uv[0]).item()
    theory = ((OWN + 1 / (1 / SHARED + 2 / OWN)) / (OWN + SHARED)) ** 0.5
    assert ratio == pytest.approx(theory, rel=0.05) and ratio < 0.75


def test_similarities_gain_from_more_clicks_than_offsets_do():
    curve = curve_of(torch.diag(torch.tensor([SHARED, SHARED, 0.05, 0.05])))
    torch.testing.assert_close(curve.rms_error_uv, curve.expected_rms_error_uv, rtol=0.05, atol=0)
    assert (curve.rms_error_uv.diff() < 0).all()


def test_independent_models_gain_nothing():
    curve = curve_of(None)
    assert (curve.mean_uv == curve.mean_uv[0]).all()
    first, *others = curve.mean_error_uv.tolist()
    assert others == pytest.approx([first] * len(others), rel=1e-12)


def test_points_that_are_looked_at_are_never_clicked_and_the_same_for_all_numbers():
    points, target, group = drawn(SHARED * torch.eye(2))
    moved = target.clone()
    generator = torch.Generator().manual_seed(1)
    first = clicks_curve(points, target, group, (0, 2), generator)
    assert len(first.point) == (SIZE - 2) * GROUPS
    # What is looked at decides nothing of the predictions.
    moved[first.point] += 1
    again = clicks_curve(points, moved, group, (0, 2), torch.Generator().manual_seed(1))
    torch.testing.assert_close(again.mean_uv, first.mean_uv)
    assert (torch.bincount(group[first.point]) == SIZE - 2).all()


def test_groups_that_are_too_small_do_not_count():
    points, target, group = drawn(SHARED * torch.eye(2))
    with pytest.raises(ValueError, match="more than 8 points"):
        clicks_curve(points, target, group, (0, SIZE))
    few = group < 2
    few[(group == 1).nonzero()[:3, 0]] = False
    curve = clicks_curve(points[few], target[few], group[few], (0, 5))
    assert (group[few][curve.point] == 0).all() and len(curve.point) == 3
