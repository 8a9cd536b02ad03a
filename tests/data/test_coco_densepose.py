"""Reading annotation files: what they mean, and what is refused with a name on it."""

import json

import cv2
import numpy as np
import pytest
import torch
from detectron2.data import DatasetCatalog, MetadataCatalog
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


def test_a_missing_data_set_says_how_to_get_it():
    with pytest.raises(FileNotFoundError, match="synth_people_bench_train.*make data"):
        DatasetCatalog.get("synth_people_bench_train")


def test_the_mapper_keeps_people_and_points_in_step(data_set):
    degenerate = annotation(id=6, bbox=[4.0, 4.0, 0.0, 50.0])
    crowd = annotation(id=7, iscrowd=1)
    unlabelled = annotation(id=8, **dict.fromkeys(("dp_x", "dp_y", "dp_I", "dp_U", "dp_V"), ...))
    records = data_set(degenerate, crowd, annotation(), unlabelled)
    mapped = DensePoseDatasetMapper(make_config(), is_train=True)(records[0])
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
        ("INPUT.ROTATION_ANGLES", [0, 30]),
        ("INPUT.CROP.ENABLED", True),
    ],
)
def test_augmentations_that_labels_cannot_follow_are_refused(key, value):
    with pytest.raises(ConfigError, match=key):
        DensePoseDatasetMapper(make_config("full", key, value), is_train=True)
