import numpy as np
import torch

from tests.uncertain_densepose.evaluation.scene import LEFT, RIGHT, perfect_maps
from uncertain_densepose.evaluation.points.point_reading import read_predictions

BOXES = torch.tensor([[10.0, 20.0, 50.0, 100.0], [0.0, 0.0, 100.0, 100.0]])


def test_each_point_is_read_at_its_place_in_its_box():
    xy = np.array([[20.0, 40.0], [20.0, 40.0], [40.0, 60.0]])
    inside, points = read_predictions(perfect_maps(2), BOXES, np.array([0, 1, 0]), xy)
    assert inside.all()
    np.testing.assert_array_equal(points.part, [LEFT, LEFT, RIGHT])
    expected = [[0.25, 0.25], [0.2, 0.4], [0.75, 0.5]]
    np.testing.assert_allclose(points.mean_uv, expected, atol=1e-6)
    assert points.mean_uv.dtype == torch.float64


def test_only_points_in_their_box_are_read():
    xy = np.array([[9.0, 40.0], [9.0, 40.0], [np.nan, 3.0], [20.0, 101.0], [30.0, 60.0]])
    inside, points = read_predictions(perfect_maps(2), BOXES, np.array([0, 1, 1, 0, 0]), xy)
    np.testing.assert_array_equal(inside, [False, True, False, False, True])
    np.testing.assert_allclose(points.mean_uv, [[0.09, 0.4], [0.5, 0.5]], atol=1e-6)


def test_a_box_that_was_rounded_contains_the_points_on_its_edge():
    # What float32 leaves of a box after scaling to the network's input and back.
    box = torch.tensor([[613.37, 20.11, 639.99, 101.3]])
    rounded = box * np.float32(800 / 427) / np.float32(800 / 427) + 1e-5
    xy = box[:, :2].double().numpy()
    inside, _ = read_predictions(perfect_maps(1), rounded, np.array([0]), xy)
    assert inside.all()


def test_a_box_without_area_contains_nothing():
    empty = torch.tensor([[10.0, 10.0, 10.0, 30.0]])
    xy = np.array([[10.0, 20.0], [12.0, 20.0]])
    inside, points = read_predictions(perfect_maps(1), empty, np.array([0, 0]), xy)
    assert not inside.any()
    assert len(points) == 0


def test_the_chart_to_read_in_can_be_given_and_noise_comes_along():
    generator = torch.Generator().manual_seed(0)
    shared = torch.rand(1, 25, 2, 2, generator=generator)
    maps = perfect_maps(1, variance=torch.full((1, 25, 32, 32), 0.01), shared_covariance=shared)
    xy = np.array([[20.0, 40.0], [40.0, 60.0]])
    _, points = read_predictions(maps, BOXES[:1], np.array([0, 0]), xy, part=np.array([9, LEFT]))
    np.testing.assert_array_equal(points.part, [9, LEFT])
    np.testing.assert_allclose(points.variance, 0.01, rtol=1e-6)
    np.testing.assert_allclose(points.shared_covariance, shared[0, [9, LEFT]].double())
    assert points.direction is None
