"""Reading annotation files: what they mean, and what is refused with a name on it."""

import dataclasses
import json

import cv2
import numpy as np
import pytest
import torch
from detectron2.data import DatasetCatalog, MetadataCatalog
from detectron2.data import transforms as T
from detectron2.data.datasets import load_coco_json

from tests.model_factory import make_config
from tests.surface_factory import make_tiny_surface
from tests.uncertain_densepose.data import oddities
from tests.uncertain_densepose.data.oddities import stripe
from uncertain_densepose.config import ConfigError
from uncertain_densepose.data import DensePoseDatasetMapper
from uncertain_densepose.data.coco_densepose import (
    check_point_annotation,
    load_densepose_json,
    read_point_annotations,
    register_densepose_coco,
)
from uncertain_densepose.structures.coco_annotation import POINT_FIELDS, AnnotationFileError


def annotation(**changes):
    """A person with two points, one of them on an edge, and a mask of the last part alone."""
    person = {
        "dp_x": [0.0, 127.5],
        "dp_y": [255.0, 51.0],
        "dp_I": [1.0, 24.0],
        "dp_U": [0.1, 0.2],
        "dp_V": [0.3, 0.4],
        "dp_masks": [[] for _ in range(13)] + [stripe(10, 20)],
        "keypoints": ...,
    }
    return oddities.annotation(**(person | changes))


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
    points = read_point_annotations(annotation())
    torch.testing.assert_close(points.xy, torch.tensor([[0.0, 255.0], [127.5, 51.0]]))
    torch.testing.assert_close(points.uv, torch.tensor([[0.1, 0.3], [0.2, 0.4]]))
    assert points.part.tolist() == [1, 24]
    assert points.coarse_segm[15, 100] == 14 and points.coarse_segm[30, 100] == 0


def test_a_person_may_have_no_labels_or_no_masks():
    keys = ("dp_x", "dp_y", "dp_I", "dp_U", "dp_V", "dp_masks")
    assert read_point_annotations(annotation(**dict.fromkeys(keys, ...))) is None
    assert read_point_annotations(annotation(dp_masks=[[]] * 14)).coarse_segm is None


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("{", "a.json: not JSON"),
        ("[" * 100_000, "a.json: not JSON"),
        (
            "[]",
            r"a.json: The file is not an object .* \(a list\): .* docs/ANNOTATIONS.md",
        ),
        (
            '{"images": [7], "annotations": [], "categories": []}',
            r"a.json: An image lacks .*\(numb",
        ),
    ],
)
def test_a_file_that_cannot_be_trained_is_refused_with_what_is_wrong(tmp_path, text, complaint):
    (tmp_path / "a.json").write_text(text)
    with pytest.raises(AnnotationFileError, match=complaint):
        load_densepose_json("bad", tmp_path / "a.json", tmp_path, "make it")


@pytest.mark.parametrize(
    ("changes", "complaint"),
    [
        ({"dp_U": [0.1]}, "dp_U"),
        ({"dp_V": ...}, "dp_V"),
        ({"dp_I": [1.0, 25.0]}, "dp_I"),
        ({"dp_x": [0.0, float("nan")]}, "dp_x"),
        ({"dp_masks": [[], []]}, "dp_masks"),
    ],
)
def test_where_files_are_to_be_whole_malformed_points_are_refused(changes, complaint):
    check_point_annotation(annotation(), "a.json")
    with pytest.raises(AnnotationFileError, match=rf"a\.json: annotation 5.*{complaint}"):
        check_point_annotation(annotation(**changes), "a.json")


def test_records_are_detectron2s(tmp_path, data_set):
    (ours,) = data_set(annotation(keypoints=[3, 4, 2] * 17))
    metadata = MetadataCatalog.get("one_image")
    try:
        (theirs,) = load_coco_json(
            tmp_path / "a.json", tmp_path, "the same", ["id", *POINT_FIELDS, "dp_masks"]
        )
        expected = MetadataCatalog.get("the same")
        for key in ("thing_classes", "thing_dataset_id_to_contiguous_id"):
            assert metadata.get(key) == expected.get(key)
    finally:
        MetadataCatalog.pop("the same", None)
    assert ours == theirs
    assert metadata.categories == {1: "person"}


def test_files_of_ones_own_are_registered(tmp_path, data_set):
    data_set(annotation())
    register_densepose_coco("own", tmp_path / "a.json", str(tmp_path), "s.npz", "mirror.mat")
    try:
        (record,) = DatasetCatalog.get("own")
        metadata = MetadataCatalog.get("own")
        assert record["file_name"] == str(tmp_path / "a.jpg")
        assert metadata.json_file == str(tmp_path / "a.json")
        assert (metadata.densepose_surface, metadata.densepose_chart_mirror) == (
            "s.npz",
            "mirror.mat",
        )
        assert metadata.evaluator_type == "coco"
        (tmp_path / "a.json").unlink()
        with pytest.raises(FileNotFoundError, match="a.json.*given to register_densepose_coco"):
            DatasetCatalog.get("own")
    finally:
        DatasetCatalog.remove("own")
        MetadataCatalog.pop("own")


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


def test_flips_need_a_surface_that_is_its_own_mirror_image(tmp_path):
    board = make_tiny_surface(cells=1)
    lopsided = dataclasses.replace(board, mirror=np.zeros(0, dtype=np.int32))
    cfg = make_config("full", "INPUT.RANDOM_FLIP", "horizontal")
    cfg.DATASETS.TRAIN = ("own",)
    MetadataCatalog.get("own").set(densepose_surface=str(tmp_path / "s.npz"))
    try:
        DensePoseDatasetMapper(cfg, is_train=True)  # Training itself needs no surface.
        board.save(tmp_path / "s.npz")
        DensePoseDatasetMapper(cfg, is_train=True)
        lopsided.save(tmp_path / "s.npz")
        with pytest.raises(ConfigError, match="'own': .*s.npz.*chart_mirror"):
            DensePoseDatasetMapper(cfg, is_train=True)
    finally:
        MetadataCatalog.pop("own")


def test_a_flip_without_a_mirror_is_refused(data_set):
    options = DensePoseDatasetMapper.from_config(
        make_config("full", "INPUT.RANDOM_FLIP", "none"), is_train=True
    )
    options["augmentations"].append(T.RandomFlip(prob=1.0))
    with pytest.raises(ValueError, match="chart_mirror"):
        DensePoseDatasetMapper(**options)(data_set(annotation())[0])
