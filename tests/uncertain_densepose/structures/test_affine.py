"""Affine maps do to positions and boxes what the transforms of images do."""

import numpy as np
import pytest
import torch
from detectron2.data import transforms as T
from fvcore.transforms import Transform

from uncertain_densepose.structures.affine import (
    affine_map,
    inverse_affine,
    is_reflection,
    keeps_boxes,
    transform_boxes,
)

HEIGHT, WIDTH = 120, 200
BOXES = torch.tensor([[10.0, 20, 90, 110], [0, 0, 200, 120], [5, 5, 5, 9]])
TRANSFORMS = {
    "resize": T.ResizeTransform(HEIGHT, WIDTH, 90, 170),
    "flip": T.HFlipTransform(WIDTH),
    "rotation": T.RotationTransform(HEIGHT, WIDTH, 37, expand=True),
    "all": T.TransformList(
        [
            T.ResizeTransform(HEIGHT, WIDTH, 110, 180),
            T.HFlipTransform(180),
            T.RotationTransform(110, 180, -25, expand=True),
        ]
    ),
}


@pytest.mark.parametrize("name", TRANSFORMS)
def test_positions_and_boxes_go_where_the_transform_puts_them(name):
    transform = TRANSFORMS[name]
    affine = affine_map(transform, HEIGHT, WIDTH)
    xy = np.random.default_rng(0).uniform(0, HEIGHT, (20, 2))
    expected = torch.from_numpy(transform.apply_coords(xy.copy()))
    torch.testing.assert_close(torch.from_numpy(xy) @ affine[:, :2].T + affine[:, 2], expected)
    hulls = torch.from_numpy(transform.apply_box(BOXES.double().numpy()))
    torch.testing.assert_close(transform_boxes(BOXES, affine), hulls.float())
    assert is_reflection(affine) == (name in ("flip", "all"))


@pytest.mark.parametrize("name", TRANSFORMS)
def test_the_inverse_brings_positions_back(name):
    affine = affine_map(TRANSFORMS[name], HEIGHT, WIDTH)
    inverse = inverse_affine(affine)
    there_and_back = inverse[:, :2] @ affine[:, :2], inverse[:, :2] @ affine[:, 2] + inverse[:, 2]
    torch.testing.assert_close(there_and_back[0], torch.eye(2, dtype=torch.float64))
    torch.testing.assert_close(there_and_back[1], torch.zeros(2, dtype=torch.float64))


@pytest.mark.parametrize(
    ("linear", "kept"),
    [
        ([[2.0, 0.0], [0.0, 0.5]], True),
        ([[-1.0, 0.0], [0.0, 1.0]], True),
        ([[0.8, 0.6], [-0.6, 0.8]], False),
    ],
)
def test_sizes_and_flips_keep_boxes_and_rotations_do_not(linear, kept):
    affine = torch.tensor([[*linear[0], 3.0], [*linear[1], 4.0]], dtype=torch.float64)
    assert keeps_boxes(affine) == kept


def test_no_boxes_stay_no_boxes():
    affine = affine_map(TRANSFORMS["rotation"], HEIGHT, WIDTH)
    assert transform_boxes(torch.zeros(0, 4), affine).shape == (0, 4)


def test_a_transform_that_bends_the_image_is_refused_by_name():
    class Bend(Transform):
        def apply_image(self, img):
            return img

        def apply_coords(self, coords):
            return coords + 5 * np.sin(np.pi * coords / 100)

    with pytest.raises(ValueError, match="Bend"):
        affine_map(Bend(), HEIGHT, WIDTH)
