import json

import numpy as np
import pytest
import torch

from lab.experiments.crop_sets import (
    load_sets,
    load_split,
    mirrored_pixels,
    num_before_last_images,
    read_labels,
)
from tests.lab.experiments.crop_data import BOXES, NUM_TRAIN, NUM_VAL
from uncertain_densepose.data.point_transforms import transform_points
from uncertain_densepose.structures.chart_mirror import SymmetricChartMirror
from uncertain_densepose.structures.coco_annotation import AnnotationFileError

SIDE = 32
WHOLE = torch.tensor([0.0, 0.0, SIDE, SIDE])


@pytest.fixture(scope="module")
def sets(crop_folder):
    return load_sets(crop_folder, "annotator", SIDE, validation_share=0.2)


def annotations(crop_folder, split, world):
    return json.loads((crop_folder / f"{split}_{world}.json").read_text())["annotations"]


def test_the_last_images_of_train_validate_and_val_tests(sets):
    training, validation, test = map(len, sets)
    assert validation == 0.2 * NUM_TRAIN * len(BOXES)
    assert training == 0.8 * NUM_TRAIN * len(BOXES)
    assert test == NUM_VAL * len(BOXES)


def test_people_of_an_image_stay_together():
    image_id = np.array([3, 3, 3, 5, 5, 8, 9, 9])
    assert num_before_last_images(image_id, 0.25) == 6
    assert num_before_last_images(image_id, 0.5) == 5
    assert num_before_last_images(image_id, 0.0) == 8


def test_labels_are_those_of_the_annotations(sets, crop_folder):
    people = annotations(crop_folder, "train", "annotator")
    start = len(sets[0])
    labels = sets[1].labels
    segm = torch.zeros(SIDE, SIDE, dtype=torch.uint8)
    for index in range(len(labels)):
        person, own = people[start + index], labels.of_person(index, segm)
        assert torch.equal(own.xy, torch.tensor([person["dp_x"], person["dp_y"]]).T)
        assert torch.equal(own.uv, torch.tensor([person["dp_U"], person["dp_V"]]).T)
        assert own.part.tolist() == person["dp_I"]
        mine = labels.person == index
        assert labels.part_true[mine].tolist() == person["dp_I_true"]
        true = torch.tensor([person["dp_U_true"], person["dp_V_true"]]).T
        assert torch.equal(labels.uv_true[mine], true)
        shared = torch.tensor(person["dp_noise"]["shared_variance"])
        assert torch.equal(labels.shared_variance[mine], shared)


def test_without_slips_a_label_names_the_true_chart(crop_folder):
    labels = load_split(crop_folder, "val", "clean", SIDE)[0].labels
    assert torch.equal(labels.part, labels.part_true)
    assert labels.shared_variance is None


def test_all_worlds_have_the_same_pictures(crop_folder):
    clean, noisy = (load_split(crop_folder, "val", w, SIDE)[0] for w in ("clean", "annotator"))
    assert torch.equal(clean.image, noisy.image)
    assert torch.equal(clean.labels.xy, noisy.labels.xy)
    assert not torch.equal(clean.labels.uv, noisy.labels.uv)


@pytest.mark.parametrize("extent", [255.0, 256.0])
def test_mirrored_labels_are_those_of_the_mapper(sets, extent):
    crops, mirror = sets[2], SymmetricChartMirror()
    affine = torch.tensor([[-1.0, 0.0, SIDE], [0.0, 1.0, 0.0]], dtype=torch.float64)
    mirrored = crops.labels.mirrored(mirror, extent)
    for index in range(len(crops)):
        image, segm = mirrored_pixels(crops.image[index], crops.coarse_segm[index])
        found = mirrored.of_person(index, segm)
        person = crops.labels.of_person(index, crops.coarse_segm[index])
        expected = transform_points(person, WHOLE, WHOLE, affine, extent, mirror)
        torch.testing.assert_close(found.xy, expected.xy, atol=1e-4, rtol=0)
        torch.testing.assert_close(found.uv, expected.uv)
        assert torch.equal(found.part, expected.part)
        assert torch.equal(found.coarse_segm, expected.coarse_segm)
        assert torch.equal(image[:, :, 0], crops.image[index][:, :, -1])
    assert torch.equal(mirrored.part_true, mirror.part(crops.labels.part_true))


def test_a_missing_world_says_how_to_make_it(crop_folder):
    with pytest.raises(FileNotFoundError, match="'rainy' needs .*relabel_synthetic_dataset"):
        load_sets(crop_folder, "rainy", SIDE, 0.1)


@pytest.mark.parametrize("field", ["dp_U_true", "dp_I_true"])
def test_annotations_without_the_truth_are_refused(crop_folder, field):
    people = annotations(crop_folder, "val", "annotator")
    people[2][field] = people[2][field][:-1]
    with pytest.raises(AnnotationFileError, match=f"f.json: annotation {people[2]['id']}"):
        read_labels(people, "f.json")
    if field != "dp_I_true":
        del people[2]["dp_U_true"], people[2]["dp_V_true"]
        with pytest.raises(AnnotationFileError, match="lacks the truth of some points"):
            read_labels(people, "f.json")


@pytest.mark.parametrize("name", ["../x.jpg", "/etc/x.jpg", "a/../../x.jpg", "http://e.org/x.jpg"])
def test_pictures_are_read_from_their_folder_alone(crop_folder, tmp_path, name):
    content = json.loads((crop_folder / "val_annotator.json").read_text())
    content["images"][1]["file_name"] = name
    (tmp_path / "val_annotator.json").write_text(json.dumps(content))
    said = (
        rf"val_annotator\.json: image {content['images'][1]['id']}: 'file_name' '{name}' leads out"
    )
    with pytest.raises(AnnotationFileError, match=said):
        load_split(tmp_path, "val", "annotator", SIDE)
