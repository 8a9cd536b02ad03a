"""Test sets are read before a training: what has a default is mended, anything else is one line."""

import json
import shutil

import cv2
import numpy as np
import pytest
from detectron2.data import DatasetCatalog, MetadataCatalog
from detectron2.engine import DefaultTrainer

from tests.people_on_disk import registered
from tests.uncertain_densepose.evaluation.scene import labelled, unlabelled
from uncertain_densepose.engine import Trainer
from uncertain_densepose.engine.model_evaluation import check_evaluation
from uncertain_densepose.errors import UserError
from uncertain_densepose.evaluation.ground_truth import GroundTruth
from uncertain_densepose.evaluation.ground_truth.test_set_check import check_test_sets
from uncertain_densepose.structures.coco_annotation import AnnotationFileError

NAME = "test_set_check"
BOX = [10, 20, 40, 60]


@pytest.fixture
def folder(tmp_path):
    rng = np.random.default_rng(0)
    people = [labelled(7, 1, BOX, rng), labelled(8, 2, BOX, rng), unlabelled(9, 2, BOX)]
    with registered(NAME, tmp_path, people, num_images=2):
        yield tmp_path


def change(folder, edit) -> None:
    path = folder / "val.json"
    content = json.loads(path.read_text())
    edit(content)
    path.write_text(json.dumps(content))


def each_person(**fields):
    """An edit of all annotations; `...` removes a field."""

    def edit(content):
        for person in content["annotations"]:
            person.update(fields)
            for name in [name for name, value in person.items() if value is ...]:
                del person[name]

    return edit


def each_image(**fields):
    def edit(content):
        for image in content["images"]:
            image.update(fields)

    return edit


def remove_ids(content):
    for image in content["images"]:
        del image["id"]


FAULTS = {
    "13 masks and no segmentation": (
        each_person(dp_masks=[[]] * 13, segmentation=...),
        "none of them has part masks or a segmentation .*annotation 7, 8",
    ),
    "part 0": (each_person(dp_I=[0] * 12), "part of a point is 0.*annotation 7, 8"),
    "ids of annotations as texts": (each_person(id="7"), 'integer "id": annotation number 0, '),
    "no ids of annotations": (each_person(id=...), 'integer "id": annotation number 0, number 1'),
    "ids of images as texts": (each_image(id="1"), 'integer "id".*number 0, number 1'),
    "no ids of images": (remove_ids, 'integer "id".*number 0, number 1'),
    "no box": (each_person(bbox=...), '"bbox" is missing.*annotation 7, 8, 9'),
    "NaN for ids": (each_person(image_id=float("nan")), '"image_id" is missing.*annotation 7, 8'),
    "half a surrogate pair": (each_image(file_name="\ud800.jpg"), '"file_name".*1, 2'),
    "a file outside the folder": (each_image(file_name="../1.jpg"), "leaves the folder.*1, 2"),
    "an absolute path": (each_image(file_name="/etc/1.jpg"), "absolute path.*1, 2"),
    "a giant": (each_image(width=2_000_000_000, height=2_000_000_000), "178 956 970 .*1, 2"),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_what_cannot_be_evaluated_is_one_line(folder, fault):
    edit, complaint = FAULTS[fault]
    change(folder, edit)
    with pytest.raises(AnnotationFileError, match=rf"val\.json: .*{complaint}") as error:
        check_test_sets([NAME])
    assert "\n" not in str(error.value)


def mended(content):
    masks = [[]] * 13
    first, second, third = content["annotations"]
    first.pop("area"), first.pop("iscrowd")
    second.update(area=None, iscrowd=None, dp_masks=masks)
    third.update(iscrowd=False, id=2**63)


def test_what_has_a_default_is_mended(folder):
    change(folder, mended)
    check_test_sets([NAME])
    truth = GroundTruth.of_dataset(NAME)
    assert [image.num_points.tolist() for image in truth] == [[12], [12]]
    assert [image.area.tolist() for image in truth] == [[2400], [2400]]


def test_a_byte_order_mark_is_read(folder):
    path = folder / "val.json"
    path.write_bytes(b"\xef\xbb\xbf" + path.read_bytes())
    check_test_sets([NAME])


@pytest.mark.parametrize("gone", ["val.json", ""])
def test_missing_files_and_folders_are_named(folder, gone):
    path = folder / gone
    shutil.move(path, f"{folder}_elsewhere")
    with pytest.raises(FileNotFoundError, match=f"{folder}.*missing"):
        check_test_sets([NAME])


def test_pictures_are_looked_at(folder):
    path = folder / "2.jpg"
    whole = path.read_bytes()
    path.unlink()
    with pytest.raises(AnnotationFileError, match=r"val\.json: image 2: .*2\.jpg: no such"):
        check_test_sets([NAME])
    for content, complaint in (
        (b"", "not an image"),
        (b"no picture", "not an image"),
        (whole[: len(whole) // 2], "truncated"),
        (whole[:20], ""),
    ):
        path.write_bytes(content)
        with pytest.raises(AnnotationFileError, match=rf"image 2: .*2\.jpg: .*{complaint}"):
            check_test_sets([NAME])
    cv2.imwrite(str(path), np.zeros((100, 120, 3), np.uint8))
    with pytest.raises(AnnotationFileError, match="2.jpg: is 120 x 100 pixels, not 160 x 120"):
        check_test_sets([NAME])
    # Something may follow the end of a picture.
    path.write_bytes(whole + bytes(10_000))
    check_test_sets([NAME])


def test_a_set_without_images_is_named(folder):
    change(folder, lambda content: content.update(images=[], annotations=[]))
    with pytest.raises(AnnotationFileError, match=r"val\.json: there are no images"):
        check_test_sets([NAME])


def test_a_set_without_an_annotation_file_is_named():
    DatasetCatalog.register("nowhere", lambda: [{"image_id": 1, "file_name": "1.jpg"}])
    try:
        with pytest.raises(UserError, match="'nowhere'.*'json_file'"):
            check_test_sets(["nowhere"])
    finally:
        DatasetCatalog.remove("nowhere")
        MetadataCatalog.remove("nowhere")


def test_training_reads_its_test_sets_before_it_makes_a_model(folder, embedded_surface, tmp_path):
    from tests.model_factory import make_config
    from uncertain_densepose.surface.paths import default_surface_path

    cfg = make_config("full")
    cfg.DATASETS.TRAIN = cfg.DATASETS.TEST = (NAME,)
    cfg.DENSEPOSE_EVALUATION.SURFACE = str(default_surface_path())
    cfg.OUTPUT_DIR = str(tmp_path / "out")
    check_evaluation(cfg)
    change(folder, each_person(dp_I=[0] * 12))
    built = []
    for check in (check_evaluation, Trainer):
        with (
            pytest.MonkeyPatch.context() as patch,
            pytest.raises(AnnotationFileError, match=r"val\.json"),
        ):
            patch.setattr(DefaultTrainer, "build_model", lambda cfg: built.append(cfg))
            check(cfg)
    assert not built
