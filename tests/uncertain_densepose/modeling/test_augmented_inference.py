"""Predictions averaged over augmented images: what the views agree on stays as it is."""

from dataclasses import fields
from types import SimpleNamespace

import numpy as np
import pytest
import torch
from detectron2.data import transforms as T
from detectron2.modeling import GeneralizedRCNN
from detectron2.structures import Boxes, Instances
from torch import nn

from tests.model_factory import make_config, make_input, make_model
from uncertain_densepose.config import ConfigError
from uncertain_densepose.modeling.augmented_inference import (
    DensePoseDatasetMapperTTA,
    DensePoseRCNNWithTTA,
)
from uncertain_densepose.structures import ChartMaps
from uncertain_densepose.structures.affine import affine_map
from uncertain_densepose.structures.chart_mirror import SymmetricChartMirror
from uncertain_densepose.structures.chart_transforms import mirror_chart_maps

MIRROR = SymmetricChartMirror()
HEIGHT, WIDTH = 96, 132
PAINTED_BOX = [30.0, 20, 90, 80]
ONE_SIZE = (HEIGHT,)


def augmentations(sizes=ONE_SIZE, flip=False, angles=()):
    return DensePoseDatasetMapperTTA(sizes, 400, flip, angles)


def noise_image(height=HEIGHT, width=WIDTH):
    generator = torch.Generator().manual_seed(0)
    pixels = torch.randint(0, 256, (3, height, width), generator=generator, dtype=torch.uint8)
    return {"image": pixels, "height": height, "width": width}


@pytest.fixture(scope="module", params=["mse", "iid_iso", "full", "full_similarity"])
def cfg(request):
    options = ["MODEL.ROI_HEADS.SCORE_THRESH_TEST", 0.0, "TEST.DETECTIONS_PER_IMAGE", 4]
    return make_config(request.param, *options)


@pytest.fixture(scope="module")
def model(cfg):
    return make_model(cfg).eval()


@torch.no_grad()
def run(model, record):
    return model([record])[0]["instances"]


def test_without_augmentations_it_is_the_plain_model(cfg, model):
    record = noise_image()
    plain = run(model, record)
    found = run(DensePoseRCNNWithTTA(cfg, model, None, augmentations()), record)
    assert len(plain) == 4
    torch.testing.assert_close(found.pred_boxes.tensor, plain.pred_boxes.tensor)
    torch.testing.assert_close(found.scores, plain.scores)
    ours, theirs = found.pred_densepose, plain.pred_densepose
    for name in ("u", "v", "variance", "shared_covariance"):
        torch.testing.assert_close(getattr(ours, name), getattr(theirs, name))
    torch.testing.assert_close(ours.coarse_segm.softmax(1), theirs.coarse_segm.softmax(1))
    torch.testing.assert_close(ours.fine_segm.softmax(1), theirs.fine_segm.softmax(1))
    if theirs.direction is not None:
        torch.testing.assert_close(ours.direction, theirs.direction)


def test_sizes_flip_and_rotation_give_finite_maps(cfg, model):
    views = augmentations((80, 112), True, (20.0,))
    found = run(DensePoseRCNNWithTTA(cfg, model, MIRROR, views), noise_image())
    assert found.image_size == (HEIGHT, WIDTH)
    assert len(found) == 4
    maps = found.pred_densepose
    noisy = maps.variance is not None
    assert maps.u.shape == (4, 25, 56, 56)
    assert maps.coarse_segm.shape == (4, 2, 56, 56)
    assert (maps.direction is not None) == noisy
    for field in fields(ChartMaps):
        value = getattr(maps, field.name)
        assert value is None or value.isfinite().all(), field.name
    if noisy:
        assert (maps.variance > 0).all()
        # The views of an untrained network disagree.
        assert maps.direction.abs().max() > 0


def test_an_image_without_detections_has_an_empty_prediction(cfg, model):
    views = augmentations((80, 112), True, (20.0,))
    predictor = model.roi_heads.box_predictor
    predictor.test_score_thresh = 1.1
    found = run(DensePoseRCNNWithTTA(cfg, model, MIRROR, views), noise_image())
    predictor.test_score_thresh = 0.0
    assert len(found) == 0
    assert found.pred_densepose.u.shape == (0, 25, 56, 56)


def test_masks_are_averaged_too():
    options = ["MODEL.MASK_ON", True, "TEST.DETECTIONS_PER_IMAGE", 2]
    cfg = make_config("mse", "MODEL.ROI_HEADS.SCORE_THRESH_TEST", 0.0, *options)
    model = make_model(cfg).eval()
    # As it is drawn, every probability is near one half, where rounding decides.
    torch.nn.init.normal_(model.roi_heads.mask_head.predictor.weight)
    record = noise_image()
    plain = run(model, record)
    found = run(DensePoseRCNNWithTTA(cfg, model, None, augmentations()), record)
    assert torch.equal(found.pred_masks, plain.pred_masks)
    views = augmentations(flip=True, angles=(20.0,))
    found = run(DensePoseRCNNWithTTA(cfg, model, MIRROR, views), record)
    assert found.pred_masks.shape == (len(found), HEIGHT, WIDTH)


class Painted(GeneralizedRCNN):
    """A model that detects one person and reads `u` from the picture, by construction equivariant.

    The person is what the red channel shows, `u` is the green channel in 0..1 in every chart. The
    blue channel grows to the right: where it falls, the picture is mirrored, and the person's
    charts are those of a mirrored person.
    """

    def __init__(self):
        nn.Module.__init__(self)
        self.roi_heads = nn.Module()
        self.backbone = SimpleNamespace(size_divisibility=32)

    def inference(self, batched_inputs, detected_instances=None, do_postprocess=False):
        images = [record["image"].float() for record in batched_inputs]
        known = detected_instances or [None] * len(images)
        return [self._one(image, boxes) for image, boxes in zip(images, known, strict=True)]

    def _one(self, image, known):
        found = Instances(image.shape[-2:])
        if known is None:
            rows, columns = (image[0] > 127).nonzero().unbind(dim=1)
            box = [columns.min(), rows.min(), columns.max() + 1, rows.max() + 1]
            found.pred_boxes = Boxes(torch.tensor([box], dtype=torch.float32))
            found.scores, found.pred_classes = torch.ones(1), torch.zeros(1, dtype=torch.int64)
            return found
        found.pred_boxes = known.pred_boxes
        maps = [self._maps(image, box) for box in known.pred_boxes.tensor]
        found.pred_densepose = ChartMaps.cat(maps)
        return found

    def _maps(self, image, box, side=20):
        centre = (torch.arange(side) + 0.5) / side
        axes = [box[k] + centre * (box[k + 2] - box[k]) for k in (1, 0)]
        grid = torch.stack(torch.meshgrid(*axes, indexing="ij")[::-1], dim=-1)
        grid = 2 * grid / torch.tensor(image.shape[:0:-1]) - 1
        read = nn.functional.grid_sample(image[None], grid[None], align_corners=False)
        u = (read[:, 1:2] / 255).expand(1, 25, side, side)
        v = torch.linspace(0, 1, 25)[None, :, None, None].expand_as(u)
        maps = ChartMaps(
            coarse_segm=torch.cat([torch.zeros_like(u[:, :1]), u[:, :1]], dim=1),
            fine_segm=v + u,
            u=u,
            v=v,
            variance=torch.full_like(u, 0.01),
            direction=torch.stack([u, v], dim=1),
            shared_covariance=torch.diag(torch.tensor([0.02, 0.01])).expand(1, 25, 2, 2),
        )
        # Of the quarters of the picture: a rotation by less than 90 degrees keeps their order.
        blue = image[2, :, image.shape[2] // 4 : -image.shape[2] // 4]
        left, right = blue.chunk(2, dim=1)
        return maps if right.mean() > left.mean() else mirror_chart_maps(maps, MIRROR)


def painted(feature_xy=None):
    """A picture whose green channel is smooth, or a single blob."""
    y, x = np.mgrid[0:HEIGHT, 0:WIDTH] + 0.5
    x0, y0, x1, y1 = PAINTED_BOX
    red = 255 * ((x > x0) & (x < x1) & (y > y0) & (y < y1))
    green = 100 + 60 * np.sin(x / 12) + 60 * np.cos(y / 15)
    if feature_xy is not None:
        green = 250 * np.exp(-((x - feature_xy[0]) ** 2 + (y - feature_xy[1]) ** 2) / 80)
    image = torch.from_numpy(np.stack([red, green, 255 * x / WIDTH]).astype(np.float32))
    return {"image": image, "height": HEIGHT, "width": WIDTH}


@pytest.fixture
def painted_model():
    return Painted().eval()


@pytest.fixture
def painted_cfg():
    return make_config("full")


def test_a_mirrored_view_of_an_equivariant_model_changes_nothing(painted_model, painted_cfg):
    record = painted()
    plain = painted_model._maps(record["image"], torch.tensor(PAINTED_BOX))
    views = augmentations(flip=True)
    found = run(DensePoseRCNNWithTTA(painted_cfg, painted_model, MIRROR, views), record)
    torch.testing.assert_close(found.pred_boxes.tensor, torch.tensor([PAINTED_BOX]))
    maps, tolerance = found.pred_densepose, {"rtol": 1e-4, "atol": 1e-5}
    for name in ("u", "v", "variance", "direction", "shared_covariance"):
        torch.testing.assert_close(getattr(maps, name), getattr(plain, name), **tolerance)
    torch.testing.assert_close(maps.fine_segm.exp(), plain.fine_segm.softmax(1), **tolerance)


def test_a_flip_without_a_mirror_is_refused(painted_model, painted_cfg):
    views = augmentations(flip=True)
    with pytest.raises(ValueError, match="mirror"):
        run(DensePoseRCNNWithTTA(painted_cfg, painted_model, None, views), painted())


@pytest.mark.parametrize("feature_xy", [(45.0, 35.0), (75.0, 60.0), (50.0, 70.0)])
def test_a_rotated_view_shows_a_feature_in_the_same_cell(painted_model, painted_cfg, feature_xy):
    class RotatedOnly:
        def __call__(self, record):
            return augmentations(angles=(30.0, -50.0))(record)[1:]

    tta = DensePoseRCNNWithTTA(painted_cfg, painted_model, None, RotatedOnly())
    # The people as the upright image has them: the hulls of rotated detections are larger.
    merged = Instances((HEIGHT, WIDTH), pred_boxes=Boxes(torch.tensor([PAINTED_BOX])))
    merged.scores, merged.pred_classes = torch.ones(1), torch.zeros(1, dtype=torch.int64)
    tta._predict_in_boxes(merged, *tta._get_augmented_inputs(painted(feature_xy)))
    u = merged.pred_densepose.u[0, 7]
    row, column = divmod(u.argmax().item(), 20)
    x0, y0, x1, y1 = PAINTED_BOX
    here = x0 + (column + 0.5) / 20 * (x1 - x0), y0 + (row + 0.5) / 20 * (y1 - y0)
    # Cells are three pixels wide.
    np.testing.assert_allclose(here, feature_xy, atol=2)
    assert u.max() > 0.85


def test_views_that_disagree_are_less_sure_where_they_do(painted_model, painted_cfg):
    class Brighter:
        """The picture, and its left half with more green."""

        def __call__(self, record):
            other = dict(record, image=record["image"].clone())
            other["image"][1, :, : WIDTH // 2] += 51
            return [dict(r, transforms=T.NoOpTransform()) for r in (record, other)]

    tta = DensePoseRCNNWithTTA(painted_cfg, painted_model, None, Brighter())
    maps = run(tta, painted()).pred_densepose
    plain = painted_model._maps(painted()["image"], torch.tensor(PAINTED_BOX))
    torch.testing.assert_close(
        maps.u[..., :10] - plain.u[..., :10], torch.full((1, 25, 20, 10), 0.1)
    )
    torch.testing.assert_close(maps.u[..., 14:], plain.u[..., 14:])

    def trace(m):
        return 2 * m.variance + m.direction.square().sum(dim=1)

    # u, and the direction's u, were moved by 0.2: each adds the variance of two values, 0.1²; and
    # the squared length of the second direction was larger.
    moved = plain.direction[:, 0] + 0.2
    second = 2 * plain.variance + moved.square() + plain.direction[:, 1].square()
    expected = (trace(plain) + second) / 2 + 0.01
    torch.testing.assert_close(trace(maps)[..., :10], expected[..., :10])
    torch.testing.assert_close(trace(maps)[..., 14:], trace(plain)[..., 14:])


@pytest.mark.parametrize("float_pixels", [False, True])
def test_every_size_is_seen_plain_mirrored_and_rotated(float_pixels):
    record = noise_image()
    if float_pixels:
        record["image"] = record["image"].float()
    before = record["image"].clone()
    views = augmentations((64, 96), True, (90.0, 360.0, -10.0))(record)
    assert torch.equal(record["image"], before) and "transforms" not in record
    assert len(views) == 8
    kinds = [[type(t).__name__[:-9] for t in v["transforms"].transforms[1:]] for v in views[:4]]
    assert kinds == [
        ["Resize"],
        ["Resize", "Rotation"],
        ["Resize", "Rotation"],
        ["Resize", "HFlip"],
    ]
    assert views[0]["image"].shape == (3, 64, 88) and views[1]["image"].shape == (3, 88, 64)
    corners = torch.tensor([[0.0, 0], [WIDTH, 0], [0, HEIGHT], [WIDTH, HEIGHT]]).double()
    for view in views:
        affine = affine_map(view["transforms"], HEIGHT, WIDTH)
        moved = corners @ affine[:, :2].T + affine[:, 2]
        size = torch.tensor(view["image"].shape[:0:-1])
        # Nothing is cut off but the part of a pixel by which a rotated image's size is rounded.
        assert (moved > -0.5).all() and (moved < size + 0.5).all()


def test_the_config_names_the_augmentations():
    cfg = make_config("full", "TEST.AUG.ROTATION_ANGLES", (15,), "TEST.AUG.MIN_SIZES", (60, 70))
    mapper = DensePoseDatasetMapperTTA(cfg)
    assert mapper.rotation_angles == [15] and len(mapper(make_input([]))) == 6


def test_a_model_without_dense_pose_is_refused(painted_model):
    with pytest.raises(ConfigError, match="MODEL.DENSEPOSE_ON"):
        DensePoseRCNNWithTTA(make_config("full", "MODEL.DENSEPOSE_ON", False), painted_model, None)
