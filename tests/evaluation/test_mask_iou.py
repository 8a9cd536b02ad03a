import numpy as np
import pytest
import torch
import torch.nn.functional as F
from evaluation.scene import box_mask, box_pixels

from uncertain_densepose.evaluation.mask_iou import foreground_mask, mask_iou


@pytest.mark.parametrize("channels", [2, 15])
def test_equals_interpolation_with_half_pixel_centres(channels):
    scores = torch.randn(channels, 14, 14, generator=torch.Generator().manual_seed(channels))
    box = torch.tensor([10.0, 20.0, 50.0, 70.0])
    mask = foreground_mask(scores, box, height=100, width=80)
    resized = F.interpolate(scores[None], (50, 40), mode="bilinear", align_corners=False)[0]
    np.testing.assert_array_equal(mask[20:70, 10:50], (resized.argmax(0) > 0).numpy())
    assert mask.sum() == mask[20:70, 10:50].sum()


def test_a_pixel_belongs_to_the_box_that_contains_its_centre():
    scores = torch.stack([torch.zeros(4, 4), torch.ones(4, 4)])
    mask = foreground_mask(scores, torch.tensor([1.4, 0.0, 3.6, 2.6]), height=5, width=6)
    rows, columns = np.nonzero(mask)
    assert set(rows) == {0, 1, 2}
    assert set(columns) == {1, 2, 3}


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("box", [(2.0, 2, 2, 4), (50, 50, 60, 60), (-9, -9, -5, -5)])
def test_a_box_without_pixels_has_an_empty_mask(box):
    scores = torch.stack([torch.zeros(4, 4), torch.ones(4, 4)])
    assert not foreground_mask(scores, torch.tensor(box), height=8, width=8).any()


def test_a_box_beyond_the_image_is_cut():
    scores = torch.stack([torch.zeros(4, 4), torch.ones(4, 4)])
    mask = foreground_mask(scores, torch.tensor([-4.0, 2, 4, 20]), height=8, width=8)
    expected = np.zeros((8, 8), dtype=bool)
    expected[2:, :4] = True
    np.testing.assert_array_equal(mask, expected)


def test_iou_with_encodings():
    segmentations = [box_mask([0, 0, 40, 40]), box_mask([100, 100, 10, 10])]
    masks = np.stack([box_pixels([20, 0, 40, 40]), box_pixels([0, 0, 0, 0])])
    np.testing.assert_allclose(mask_iou(masks, segmentations), [[1 / 3, 0], [0, 0]])
    assert mask_iou(masks[:0], segmentations).shape == (0, 2)
    assert mask_iou(masks, []).shape == (2, 0)
