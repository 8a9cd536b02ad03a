"""Reading annotation files: what they mean, and what is refused with a name on it."""

import json

import cv2
import numpy as np
import pytest
import torch
from detectron2.data import MetadataCatalog
from detectron2.data import transforms as T
from model_factory import make_config
from pycocotools import mask as mask_utils

from uncertain_densepose.config import ConfigError
from uncertain_densepose.data import DensePoseDatasetMapper
from uncertain_densepose.data.coco_densepose import load_densepose_json, point_annotations
from uncertain_densepose.structures.coco_annotation import AnnotationFileError


def rle(mask):
    encoded = mask_utils.encode(np.asfortranarray(mask.astype(np.uint8)))
    return {"size": encoded["size"], "counts": encoded["counts"].decode()}


def annotation(**changes):
    part_mask = np.zeros((256, 256))
    part_mask[10:20] = 1
    base = {
        "id": 5,
        "image_id": 1,
        "category_id": 1,
        "bbox": [4.0, 4.0, 40.0, 50.0],
        "area": 900.0,
        "iscrowd": 0,
        "segmentation": rle(np.ones((64, 80))),
        "dp_x": [0.0, 127.5],
        "dp_y": [255.0, 51.0],
        "dp_I": [1.0, 24.0],
        "dp_U": [0.1, 0.2],
        "dp_V": [0.3, 0.4],
        "dp_masks": [[] for _ in range(13)] + [rle(part_mask)],
    }
    return {k: v for k, v in (base | changes).items() if v is not ...}


@pytest.fixture
def data_set(tmp_path):
    def write(*annotations):
        cv2.imwrite(str(tmp_path / "a.jpg"), np.full((64, 80, 3), 90, np.uint8))
        content = {
            "images": [{"id": 1, "file_name": "a.jpg", "width": 80, "height": 64}],
            "annotations": list(annotations),
            "categories": [{"id": 1, "name": "person"}],
        }
        path = tmp_path / "a.json"
        path.write_text(json.dumps(content))
        return load_densepose_json("one_image", path, tmp_path, "make it")

    yield write
    MetadataCatalog.pop("one_image", None)


def test_points_and_masks_are_read():
    points = point_annotations(annotation())
    torch.testing.assert_close(points.xy, torch.tensor([[0.0, 255.0], [127.5, 51.0]]))
    torch.testing.assert_close(points.uv, torch.tensor([[0.1, 0.3], [0.2, 0.4]]))
    assert points.part.tolist() == [1, 24]
    assert points.coarse_segm[15, 100] == 14 and points.coarse_segm[30, 100] == 0


def test_a_person_may_have_no_labels_or_no_masks():
    keys = ("dp_x", "dp_y", "dp_I", "dp_U", "dp_V", "dp_masks")
    assert point_annotations(annotation(**dict.fromkeys(keys, ...))) is None
    assert point_annotations(annotation(dp_masks=[[]] * 14)).coarse_segm is None


@pytest.mark.parametrize(
    ("changes", "complaint"),
    [
        ({"dp_U": [0.1]}, "dp_U"),
        ({"dp_V": ...}, "dp_V"),
        ({"dp_I": [1.0, 25.0]}, "dp_I"),
        ({"dp_I": [1.0, 0.5]}, "dp_I"),
        ({"dp_x": [0.0, float("nan")]}, "dp_x"),
        ({"dp_masks": [[], []]}, "dp_masks"),
    ],
)
def test_malformed_points_are_refused_with_file_id_and_field(data_set, changes, complaint):
    with pytest.raises(AnnotationFileError, match=rf"a\.json: annotation 5.*{complaint}"):
        data_set(annotation(**changes))


def test_a_missing_data_set_says_how_to_get_it(tmp_path):
    with pytest.raises(FileNotFoundError, match="'people' needs .*gone.json, .*; run `make data`"):
        load_densepose_json("people", tmp_path / "gone.json", tmp_path, "run `make data`")


def test_the_mapper_keeps_people_and_points_in_step(data_set):
    degenerate = annotation(id=6, bbox=[4.0, 4.0, 0.0, 50.0])
    crowd = annotation(id=7, iscrowd=1)
    unlabelled = annotation(id=8, **dict.fromkeys(("dp_x", "dp_y", "dp_I", "dp_U", "dp_V"), ...))
    records = data_set(degenerate, crowd, annotation(), unlabelled)
    cfg = make_config("full", "INPUT.RANDOM_FLIP", "none")
    mapped = DensePoseDatasetMapper(cfg, is_train=True)(records[0])
    instances = mapped["instances"]
    assert [None if p is None else len(p) for p in instances.gt_densepose] == [2, None]
    scale = mapped["image"].shape[1] / 64
    torch.testing.assert_close(
        instances.gt_boxes.tensor[0], torch.tensor([4.0, 4.0, 44.0, 54.0]) * scale
    )
    assert instances.has("gt_masks")


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("INPUT.RANDOM_FLIP", "horizontal"),
        ("INPUT.ROTATION_ANGLES", [30, -60]),
        ("INPUT.CROP.ENABLED", True),
    ],
)
def test_augmentations_keep_people_and_points_in_step(data_set, key, value):
    record = data_set(annotation(), annotation(id=8, bbox=[20.0, 10.0, 40.0, 50.0]))[0]
    mapper = DensePoseDatasetMapper(make_config("full", key, value), is_train=True)
    for _ in range(10):
        instances = mapper(record)["instances"]
        assert len(instances.gt_densepose) == len(instances) > 0
        for points in instances.gt_densepose:
            assert ((points.xy >= 0) & (points.xy <= 255)).all()
        assert {p for points in instances.gt_densepose for p in points.part.tolist()} <= {1, 23, 24}


def test_flips_need_the_table_of_a_surface_that_is_not_symmetric():
    cfg = make_config("full", "INPUT.RANDOM_FLIP", "horizontal")
    cfg.DATASETS.TRAIN = ("densepose_coco_2014_train",)
    with pytest.raises(ConfigError, match="INPUT.RANDOM_FLIP .*need.*UV_symmetry_transforms.mat"):
        DensePoseDatasetMapper(cfg, is_train=True)
    cfg.DATASETS.TRAIN = ("densepose_coco_2014_train", "synth_people_demo_train")
    with pytest.raises(ConfigError, match="mixes surfaces"):
        DensePoseDatasetMapper(cfg, is_train=True)


def test_a_flip_without_a_mirror_is_refused(data_set):
    options = DensePoseDatasetMapper.from_config(
        make_config("full", "INPUT.RANDOM_FLIP", "none"), is_train=True
    )
    options["augmentations"].append(T.RandomFlip(prob=1.0))
    with pytest.raises(ValueError, match="chart_mirror"):
        DensePoseDatasetMapper(**options)(data_set(annotation())[0])
