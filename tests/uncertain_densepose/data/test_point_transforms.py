"""Labels follow the image: what was painted under a label is found under it afterwards."""

import numpy as np
import pytest
import torch
from detectron2.data import transforms as T

from uncertain_densepose.data.point_transforms import transform_points
from uncertain_densepose.structures import PointAnnotations
from uncertain_densepose.structures.affine import affine_map
from uncertain_densepose.structures.chart_mirror import SymmetricChartMirror
from uncertain_densepose.surface.parts import FINE_TO_COARSE, FLIP_PARTS

HEIGHT, WIDTH = 120, 200
BOX = torch.tensor([40.0, 20.0, 168.0, 100.0])
EXTENT = 255.0
TRANSFORMS = {
    "resize": [T.ResizeTransform(HEIGHT, WIDTH, 90, 170)],
    "flip": [T.HFlipTransform(WIDTH)],
    "upside down": [T.VFlipTransform(HEIGHT)],
    "quarter turn": [T.RotationTransform(HEIGHT, WIDTH, 90, expand=True)],
    "rotation": [T.RotationTransform(HEIGHT, WIDTH, 37, expand=True)],
    "rotation in place": [T.RotationTransform(HEIGHT, WIDTH, -20, expand=False)],
    "crop": [T.CropTransform(30, 10, 150, 105)],
    "all": [
        T.ResizeTransform(HEIGHT, WIDTH, 110, 180),
        T.HFlipTransform(180),
        T.RotationTransform(110, 180, 25, expand=True),
    ],
}


def picture():
    """A colour that tells every pixel of the image from every other, smooth in both axes."""
    y, x = np.mgrid[0:HEIGHT, 0:WIDTH].astype(np.float32) + 0.5
    return np.stack([x, y, np.ones_like(x)], axis=-1)


def labels(seed=0, count=60):
    generator = torch.Generator().manual_seed(seed)
    xy = 20 + 215 * torch.rand(count, 2, generator=generator)
    cell = (xy / EXTENT * 256).long()
    mask = torch.zeros(256, 256, dtype=torch.uint8)
    # Sixteen stripes, so that the mask has structure to follow.
    mask[:] = (torch.arange(256) // 16)[None, :] % 15
    part = torch.randint(1, 25, (count,), generator=generator)
    uv = torch.rand(count, 2, generator=generator)
    return PointAnnotations(xy, part, uv, mask), mask[cell[:, 1], cell[:, 0]]


def image_xy(points, box):
    return box[:2] + points.xy / EXTENT * (box[2:] - box[:2])


def apply(name):
    transform = T.TransformList(TRANSFORMS[name])
    image = transform.apply_image(picture())
    height, width = image.shape[:2]
    box = transform.apply_box(BOX[None].numpy())[0]
    new_box = torch.tensor(np.clip(box, 0, [width, height, width, height]), dtype=torch.float32)
    points, _ = labels()
    affine = affine_map(transform, HEIGHT, WIDTH)
    moved = transform_points(points, BOX, new_box, affine, EXTENT, SymmetricChartMirror())
    return points, moved, image, new_box


@pytest.mark.parametrize("name", TRANSFORMS)
def test_what_lies_under_a_label_moves_with_it(name):
    points, moved, image, new_box = apply(name)
    assert len(moved) > 0.6 * len(points)
    here = image_xy(moved, new_box)
    height, width = image.shape[:2]
    inner = ((here > 2) & (here < torch.tensor([width, height]) - 2)).all(dim=-1)
    assert inner.sum() > 0.5 * len(points)
    column, row = (here[inner] - 0.5).round().long().unbind(-1)
    painted = torch.from_numpy(image.copy())[row, column]
    # The colour under a label is the place it came from.
    origin = image_xy(points, BOX)
    nearest = torch.cdist(painted[:, :2], origin).min(dim=1).values
    assert nearest.max() < 1.6


@pytest.mark.parametrize("name", TRANSFORMS)
def test_part_masks_move_with_the_labels(name):
    points, moved, _, _ = apply(name)
    _, before = labels()
    cell = (moved.xy / EXTENT * 256).long().clamp(0, 255)
    after = moved.coarse_segm[cell[:, 1], cell[:, 0]]
    kept = [(points.uv[:, 1] == v).nonzero().item() for v in moved.uv[:, 1]]
    mirrored = not torch.equal(points.part[kept], moved.part)
    flip = np.zeros(15, dtype=np.int64)
    flip[FINE_TO_COARSE] = FINE_TO_COARSE[FLIP_PARTS]
    expected = before[kept].long()
    expected = torch.from_numpy(flip)[expected] if mirrored else expected
    # Labels on the border of a stripe may fall to either side.
    assert (after == expected).float().mean() > 0.9


@pytest.mark.parametrize("name", TRANSFORMS)
def test_only_reflections_change_charts_and_coordinates(name):
    points, moved, _, _ = apply(name)
    mirror = SymmetricChartMirror()
    kept = [(points.uv[:, 1] == v).nonzero().item() for v in moved.uv[:, 1]]
    part, uv = points.part[kept], points.uv[kept]
    if name in ("flip", "upside down", "all"):
        part, uv = mirror.part(part), mirror.uv(part, uv)
    assert torch.equal(moved.part, part)
    torch.testing.assert_close(moved.uv, uv)


def test_two_flips_change_nothing():
    points, _ = labels()
    twice = T.TransformList([T.HFlipTransform(WIDTH), T.HFlipTransform(WIDTH)])
    affine = affine_map(twice, HEIGHT, WIDTH)
    same = transform_points(points, BOX, BOX, affine, EXTENT, None)
    torch.testing.assert_close(same.xy, points.xy)
    assert torch.equal(same.part, points.part) and torch.equal(same.coarse_segm, points.coarse_segm)


def test_labels_outside_their_box_are_dropped_rather_than_moved_into_it():
    points = PointAnnotations(
        xy=torch.tensor([[300.0, 10.0], [10.0, 10.0]]),
        part=torch.tensor([3, 4]),
        uv=torch.zeros(2, 2),
    )
    affine = affine_map(T.TransformList([T.HFlipTransform(WIDTH)]), HEIGHT, WIDTH)
    larger = torch.tensor([0.0, 0.0, 200.0, 120.0])
    moved = transform_points(points, BOX, larger, affine, EXTENT, SymmetricChartMirror())
    assert moved.part.tolist() == [3]


@pytest.mark.parametrize("corner", [0.1, 1 / 3, 10.3])
def test_labels_on_the_edge_of_a_box_stay_wherever_it_is_rounded_to(corner):
    """Boxes come in single precision, and an edge may so be drawn in before its labels."""
    points = PointAnnotations(
        xy=torch.tensor([[0.0, 0.0], [EXTENT, EXTENT], [0.0, EXTENT], [EXTENT, 0.0]]),
        part=torch.tensor([1, 2, 3, 4]),
        uv=torch.zeros(4, 2),
    )
    box = torch.tensor([corner, corner, corner + 33.3, corner + 41.7], dtype=torch.float64)
    for scale in (1.0, 1.37, 3.33):
        resize = T.ScaleTransform(100, 100, round(100 * scale), round(100 * scale))
        new_box = torch.from_numpy(resize.apply_box(box[None].numpy())[0]).float()
        affine = affine_map(T.TransformList([resize]), 100, 100)
        moved = transform_points(points, box, new_box, affine, EXTENT, None)
        torch.testing.assert_close(moved.xy, points.xy, atol=1e-3, rtol=0)
        assert ((moved.xy >= 0) & (moved.xy <= EXTENT)).all()
