"""Frames of positions."""

import torch

from uncertain_densepose.structures import box_to_image_xy, image_to_box_xy
from uncertain_densepose.structures.geometry import inside_box


def test_box_frame_and_back():
    boxes = torch.tensor([[10.0, 20, 30, 60], [0.0, 0, 5, 5]])
    xy = torch.tensor([[15.0, 50.0], [5.0, 0.0]])
    fraction = image_to_box_xy(xy, boxes)
    torch.testing.assert_close(fraction, torch.tensor([[0.25, 0.75], [1.0, 0.0]]))
    torch.testing.assert_close(box_to_image_xy(fraction, boxes), xy)


def test_edges_are_inside_and_a_box_without_area_holds_nothing():
    fraction = image_to_box_xy(torch.tensor([[3.0, 3.0]]), torch.tensor([3.0, 3.0, 3.0, 3.0]))
    assert inside_box(torch.tensor([[0.0, 1.0], [1.0001, 0.5]])).tolist() == [True, False]
    assert inside_box(fraction).tolist() == [False]
