"""The average has the moments of the mixture of all predictions, in every cell and chart."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from tests.uncertain_densepose.structures.random_maps import (
    NOISE_FIELDS,
    assert_same_maps,
    covariance,
    make_maps,
)
from uncertain_densepose.distributions import SHARED_BASES
from uncertain_densepose.structures.chart_averaging import (
    ChartAverage,
    average_chart_maps,
)

NOISY = [name for name, noise in NOISE_FIELDS.items() if noise]


def mixture_points(maps, cell):
    """(4, 2) points of equal weight that have the mean and covariance of one cell's Gaussian."""
    mean = np.array([maps.u[cell].item(), maps.v[cell].item()])
    root = np.linalg.cholesky(covariance(maps)[cell].numpy())
    return mean + np.sqrt(2) * np.concatenate([root.T, -root.T])


@pytest.mark.parametrize("noise_model", NOISY)
def test_moments_are_those_of_the_mixture(noise_model):
    many = [make_maps(noise_model, side=2, seed=k, dtype=torch.float64) for k in range(4)]
    average = average_chart_maps(many)
    found = covariance(average)
    for cell in np.ndindex(tuple(average.u.shape)):
        points = np.concatenate([mixture_points(maps, cell) for maps in many])
        mean = [average.u[cell].item(), average.v[cell].item()]
        np.testing.assert_allclose(mean, points.mean(axis=0))
        expected = np.cov(points.T, bias=True)
        np.testing.assert_allclose(found[cell], expected, rtol=1e-9, atol=1e-14)
        # The isotropic term is all there is along the shorter axis.
        np.testing.assert_allclose(average.variance[cell], np.linalg.eigvalsh(expected)[0])


@pytest.mark.parametrize("noise_model", NOISE_FIELDS)
def test_segmentations_are_averaged_as_probabilities(noise_model):
    many = [make_maps(noise_model, seed=k) for k in range(3)]
    average = average_chart_maps(many)
    for name in ("coarse_segm", "fine_segm"):
        expected = torch.stack([getattr(m, name).softmax(dim=1) for m in many]).mean(dim=0)
        found = getattr(average, name)
        torch.testing.assert_close(found.exp(), expected)
        torch.testing.assert_close(found.softmax(dim=1), expected)
        assert torch.equal(found.argmax(dim=1), expected.argmax(dim=1))


def test_an_impossible_class_keeps_a_finite_score():
    maps = make_maps("mse")
    maps.fine_segm[:, 3] = -1e6
    assert average_chart_maps([maps, maps]).fine_segm.isfinite().all()


@pytest.mark.parametrize(
    "name", ["shared_covariance", "coarse_segm_confidence", "fine_segm_confidence"]
)
def test_all_other_fields_are_averaged_as_they_are(name):
    many = [make_maps("full, segmentation confidence", seed=k) for k in range(3)]
    expected = torch.stack([getattr(maps, name) for maps in many]).mean(dim=0)
    torch.testing.assert_close(getattr(average_chart_maps(many), name), expected)


@pytest.mark.parametrize("noise_model", ["indep_aniso", "full"])
def test_one_prediction_is_its_own_average(noise_model):
    maps = make_maps(noise_model)
    average = average_chart_maps([maps])
    for name in ("u", "v", "variance", "shared_covariance"):
        assert getattr(maps, name) is None or torch.equal(
            getattr(average, name), getattr(maps, name)
        )
    # Not the opposite direction either, which would be the same distribution.
    torch.testing.assert_close(average.direction, maps.direction)
    torch.testing.assert_close(average.fine_segm, maps.fine_segm.log_softmax(dim=1))


@pytest.mark.parametrize("noise_model", NOISE_FIELDS)
def test_predictions_that_agree_are_no_less_sure(noise_model):
    maps = make_maps(noise_model, dtype=torch.float64)
    average = average_chart_maps([maps] * 3)
    assert (average.variance is None) == (noise_model == "mse")
    if average.variance is not None:
        torch.testing.assert_close(covariance(average), covariance(maps))


def test_the_shared_error_of_agreeing_means_is_that_of_the_mixture():
    many = [make_maps("full_similarity", side=2, seed=k, dtype=torch.float64) for k in range(4)]
    many = [replace(maps, u=many[0].u, v=many[0].v) for maps in many]
    mean_uv = torch.stack([many[0].u[0, 7], many[0].v[0, 7]], dim=-1).reshape(4, 2)
    basis = SHARED_BASES["similarity"](mean_uv, torch.zeros(4, dtype=torch.int64), 1).reshape(8, 4)

    def between_points(maps):
        return basis @ maps.shared_covariance[0, 7] @ basis.T

    expected = torch.stack([between_points(maps) for maps in many]).mean(dim=0)
    torch.testing.assert_close(between_points(average_chart_maps(many)), expected)


def test_a_long_direction_leaves_a_tiny_variance_as_it_is():
    maps = make_maps("indep_aniso")
    maps.variance[:] = 1e-8
    maps.direction[:] *= 10
    average = average_chart_maps([maps, maps])
    torch.testing.assert_close(average.variance, maps.variance)


def test_without_a_variance_only_means_are_averaged():
    many = [make_maps("mse", seed=k) for k in range(2)]
    average = average_chart_maps(many)
    torch.testing.assert_close(average.u, (many[0].u + many[1].u) / 2)
    torch.testing.assert_close(average.v, (many[0].v + many[1].v) / 2)
    assert average.variance is None and average.direction is None


def test_directions_keep_the_sign_of_the_first_prediction():
    first, second = make_maps("indep_aniso"), make_maps("indep_aniso")
    second.direction.neg_()
    average = average_chart_maps([first, second])
    torch.testing.assert_close(average.direction, first.direction)


def test_a_running_average_can_be_read_at_any_time():
    average = ChartAverage()
    many = [make_maps(seed=k) for k in range(3)]
    for count, maps in enumerate(many, start=1):
        average.add(maps)
        assert_same_maps(average.result(), average_chart_maps(many[:count]))


def test_no_boxes_average_to_no_boxes():
    average = average_chart_maps([make_maps(boxes=0), make_maps(boxes=0)])
    assert len(average) == 0 and average.direction.shape == (0, 2, 25, 3, 3)


def test_what_cannot_be_averaged_is_refused():
    with pytest.raises(ValueError, match="no prediction"):
        average_chart_maps([])
    with pytest.raises(ValueError, match="different models"):
        average_chart_maps([make_maps("full"), make_maps("mse")])
