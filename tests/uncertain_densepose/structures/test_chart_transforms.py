"""Predictions in a transformed image say the same about the image before it."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from detectron2.data import transforms as T

from tests.uncertain_densepose.structures.random_maps import (
    NOISE_FIELDS,
    assert_same_maps,
    make_maps,
)
from uncertain_densepose.structures import ChartMaps
from uncertain_densepose.structures.affine import affine_map, transform_boxes
from uncertain_densepose.structures.chart_mirror import (
    ChartMirror,
    SymmetricChartMirror,
    TabulatedChartMirror,
)
from uncertain_densepose.structures.chart_transforms import (
    mirror_chart_maps,
    resample_maps,
    restore_chart_maps,
)

HEIGHT, WIDTH = 480, 1333
BOXES = torch.tensor([[37.3, 20.7, 900.1, 444.9], [1200.9, 3.1, 1221.7, 401.3]])
MIRROR = SymmetricChartMirror()


def restore(maps, transform, boxes=BOXES, mirror=MIRROR, size=(HEIGHT, WIDTH)):
    affine = affine_map(transform, *size)
    return restore_chart_maps(maps, transform_boxes(boxes, affine), boxes, affine, mirror)


def turned(maps, function):
    """Maps whose grids went through `function` of a tensor (..., S, S)."""
    shared = maps.shared_covariance
    return replace(maps.map(function), shared_covariance=shared)


@pytest.mark.parametrize("noise_model", NOISE_FIELDS)
@pytest.mark.parametrize(
    "transform", [T.NoOpTransform(), T.ResizeTransform(HEIGHT, WIDTH, 731, 1999)]
)
def test_a_resized_image_says_exactly_the_same(noise_model, transform):
    maps = make_maps(noise_model, side=28)
    assert_same_maps(restore(maps, transform), maps)


@pytest.mark.parametrize("noise_model", NOISE_FIELDS)
@pytest.mark.parametrize("coarse", [2, 15])
def test_a_flip_permutes_cells_exactly(noise_model, coarse):
    maps = make_maps(noise_model, side=28, coarse=coarse)
    flip = T.TransformList([T.ResizeTransform(HEIGHT, WIDTH, 600, 1666), T.HFlipTransform(1666)])
    expected = mirror_chart_maps(turned(maps, lambda t: t.flip(-1)), MIRROR)
    assert_same_maps(restore(maps, flip), expected)


def test_a_quarter_turn_permutes_cells_and_leaves_coordinates_and_directions():
    maps = make_maps(side=28)
    turn = T.RotationTransform(HEIGHT, WIDTH, 90, expand=True)
    assert_same_maps(restore(maps, turn), turned(maps, lambda t: t.rot90(-1, (-2, -1))))


def test_flipping_twice_changes_nothing():
    maps = make_maps(side=14)
    flip = T.HFlipTransform(WIDTH)
    flipped = transform_boxes(BOXES, affine_map(flip, HEIGHT, WIDTH))
    twice = restore(restore(maps, flip), flip, boxes=flipped)
    assert_same_maps(twice, maps, rtol=1e-6, atol=1e-6)


def predict(part, uv, box, side):
    """What a perfect model says of a picture (H, W) of charts and (H, W, 2) of coordinates."""
    x0, y0, x1, y1 = box
    column = (x0 + (np.arange(side) + 0.5) / side * (x1 - x0)).astype(int)
    row = (y0 + (np.arange(side) + 0.5) / side * (y1 - y0)).astype(int)
    part, uv = (
        torch.from_numpy(part[np.ix_(row, column)]),
        torch.from_numpy(uv[np.ix_(row, column)]),
    )
    fine = torch.nn.functional.one_hot(part, 25).permute(2, 0, 1)[None].float()
    present = fine.bool()
    return ChartMaps(
        coarse_segm=torch.stack([part == 0, part > 0])[None].float(),
        fine_segm=fine,
        u=torch.where(present, uv[..., 0].float(), 0.5),
        v=torch.where(present, uv[..., 1].float(), 0.5),
    )


def test_a_mirrored_picture_is_read_as_the_picture():
    rng = np.random.default_rng(0)
    part, uv = rng.integers(25, size=(40, 60)), rng.random((40, 60, 2))
    box = np.array([6, 4, 46, 36])
    # Who is mirrored has the right hand (3) where the left one (4) was, and a torso seen as if
    # from the other side.
    pairs = {a: b for k in range(3, 25, 2) for a, b in ((k, k + 1), (k + 1, k))}
    mirrored_part = np.vectorize(lambda p: pairs.get(p, p))(part)[:, ::-1]
    torso = np.isin(part, [1, 2])[..., None] * [1, 0]
    mirrored_uv = np.where(torso == 1, 1 - uv, uv)[:, ::-1]
    there = predict(mirrored_part, mirrored_uv, [60 - box[2], 4, 60 - box[0], 36], side=8)
    boxes = torch.from_numpy(box)[None].float()
    found = restore(there, T.HFlipTransform(60), boxes, size=(40, 60))
    assert_same_maps(found, predict(part, uv, box, side=8), rtol=1e-6, atol=1e-6)


@pytest.mark.parametrize(
    "transform",
    [
        T.RotationTransform(90, 160, 30, expand=True),
        T.RotationTransform(90, 160, -75, expand=True),
        T.TransformList(
            [T.ResizeTransform(90, 160, 120, 200), T.RotationTransform(120, 200, 12, expand=True)]
        ),
    ],
)
def test_what_a_rotated_picture_shows_is_found_in_its_cell(transform):
    """The picture's colour is its position; its reading in a cell must be the cell's position."""
    size, side = (90, 160), 32
    y, x = np.mgrid[0:90, 0:160].astype(np.float32) + 0.5
    picture = torch.from_numpy(transform.apply_image(np.stack([x, y], axis=-1))).permute(2, 0, 1)
    boxes = torch.tensor([[40.0, 20, 130, 80]])
    affine = affine_map(transform, *size)
    hull = transform_boxes(boxes, affine)
    # What a model sees: the picture at the cells of the hull, bilinearly.
    centre = (torch.arange(side) + 0.5) / side
    here_x = hull[0, 0] + centre * (hull[0, 2] - hull[0, 0])
    here_y = hull[0, 1] + centre * (hull[0, 3] - hull[0, 1])
    grid = torch.stack(torch.meshgrid(here_y, here_x, indexing="ij")[::-1], dim=-1)
    grid = 2 * grid / torch.tensor(picture.shape[:0:-1]) - 1
    seen = torch.nn.functional.grid_sample(picture[None], grid[None], align_corners=False)
    found = resample_maps(seen, hull, boxes, affine)[0]
    expected_x = boxes[0, 0] + centre * (boxes[0, 2] - boxes[0, 0])
    expected_y = boxes[0, 1] + centre * (boxes[0, 3] - boxes[0, 1])
    # The corners of the picture are black where it was turned in; the box keeps clear of them.
    inner = slice(4, -4)
    expected = torch.stack(torch.meshgrid(expected_y, expected_x, indexing="ij")[::-1])
    assert (found - expected)[:, inner, inner].abs().max() < 0.75


def test_cells_outside_the_transformed_box_have_the_values_of_its_edge():
    maps = make_maps("mse", boxes=1, side=4)
    boxes = torch.tensor([[0.0, 0, 40, 40]])
    half = torch.tensor([[0.0, 0, 20, 40]])
    found = restore_chart_maps(maps, half, boxes, torch.eye(2, 3), None)
    for column in (2, 3):
        assert torch.equal(found.u[..., column], maps.u[..., -1])


def bent_mirror():
    axis = torch.linspace(0, 1, 64)
    v, u = torch.meshgrid(axis, axis, indexing="ij")
    amount = torch.linspace(0.01, 0.1, 24)[:, None, None]
    bent = [(1 - u + amount * torch.sin(3 * u) * v), (v + amount * torch.sin(3 * v) * u)]
    return TabulatedChartMirror(torch.stack(bent, dim=-1).clamp(0, 1))


def twins(mirror: ChartMirror):
    """(to, from) for each of the 24 charts."""
    return [(mirror.part(torch.tensor([c])).item(), c) for c in range(1, 25)]


def test_coordinates_and_noise_go_through_the_mirror_of_the_chart_that_was_read():
    maps, mirror = make_maps(side=2), bent_mirror()
    found = mirror_chart_maps(maps, mirror)
    for to, source in twins(mirror):
        part = torch.tensor([source])
        for n, row, column in np.ndindex(2, 2, 2):
            cell = n, source, row, column
            uv = torch.stack([maps.u[cell], maps.v[cell]])[None]
            there = found.u[n, to, row, column], found.v[n, to, row, column]
            torch.testing.assert_close(torch.stack(there), mirror.uv(part, uv)[0])
            r = maps.direction[n, :, source, row, column][None]
            torch.testing.assert_close(
                found.direction[n, :, to, row, column], mirror.direction(part, uv, r)[0]
            )
            assert found.variance[n, to, row, column] == maps.variance[cell]
            assert found.fine_segm[n, to, row, column] == maps.fine_segm[cell]
        for n in range(2):
            shared = maps.shared_covariance[n, source][None]
            expected = mirror.covariance(part, torch.full((1, 2), 0.5), shared)[0]
            torch.testing.assert_close(found.shared_covariance[n, to], expected)


def test_no_boxes_and_boxes_without_area_go_through():
    flip = T.HFlipTransform(WIDTH)
    assert len(restore(make_maps(boxes=0), flip, boxes=torch.zeros(0, 4))) == 0
    flat = torch.tensor([[10.0, 10, 10, 50], [10, 10, 10, 10]])
    assert restore(make_maps(), flip, boxes=flat).u.isfinite().all()


def test_a_reflection_needs_a_mirror():
    with pytest.raises(ValueError, match="mirror"):
        restore(make_maps(), T.HFlipTransform(WIDTH), mirror=None)
