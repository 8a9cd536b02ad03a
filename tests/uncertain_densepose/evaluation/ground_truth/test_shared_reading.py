"""A file is read once for all evaluators, which share what was read and cannot change it."""

import dataclasses

import numpy as np
import pytest
from torch import nn

from tests.people_on_disk import registered
from tests.uncertain_densepose.evaluation.scene import box_mask, coco, labelled, write
from uncertain_densepose.evaluation import (
    DensePoseEvaluator,
    GlobalVarianceEvaluator,
    GroundTruthBoxEvaluator,
    GroundTruthBoxModel,
)
from uncertain_densepose.evaluation.ground_truth import GroundTruth, ground_truth
from uncertain_densepose.evaluation.ground_truth.test_set_check import check_test_sets
from uncertain_densepose.evaluation.person_boxes import PersonBoxEvaluator

NAMES = ("shared_reading_val", "shared_reading_train")
BOX = [10, 20, 40, 60]


def people(num_images) -> list[dict]:
    """One with part masks and one with a segmentation in every image."""
    rng = np.random.default_rng(0)
    masks = {"dp_masks": [box_mask([0, 0, 256, 256], 256), *[[]] * 13]}
    return [
        labelled(2 * image + k, image, BOX, rng, **(masks if k else {}))
        for image in range(1, num_images + 1)
        for k in (0, 1)
    ]


@pytest.fixture
def reads(monkeypatch) -> list[str]:
    """The files that were parsed and checked."""
    read = ground_truth.read_screened
    files = []

    def counted(json_file, purpose):
        files.append(json_file)
        return read(json_file, purpose)

    monkeypatch.setattr(ground_truth, "read_screened", counted)
    return files


def evaluators(val, train, surface):
    """All that an evaluation makes of its test set and of a training set."""
    check_test_sets([val])
    variance = GlobalVarianceEvaluator(train)
    options = {"surface": surface, "distributed": False}
    detected, given = DensePoseEvaluator(val, **options), GroundTruthBoxEvaluator(val, **options)
    GroundTruthBoxModel.for_dataset(nn.Identity(), val)
    return PersonBoxEvaluator(val), variance, detected, given


def test_a_file_is_read_once_an_evaluation_and_again_when_it_was_written(
    tmp_path, flat_distance, reads
):
    val, train = NAMES
    folders = [tmp_path / name for name in NAMES]
    for folder in folders:
        folder.mkdir()
    with registered(val, folders[0], people(2), 2), registered(train, folders[1], people(3), 3):
        first = evaluators(val, train, flat_distance)
        files = [str(folder / "val.json") for folder in folders]
        assert sorted(reads) == sorted(files)
        assert first[2].ground_truth is first[3].ground_truth
        assert first[1].ground_truth is not first[2].ground_truth
        write(folders[0] / "val.json", coco(people(2)[:2], 2))
        again = evaluators(val, train, flat_distance)
        assert reads[2:].count(files[0]) == 1
    counts = [sum(i.num_people for i in one[2].ground_truth) for one in (first, again)]
    assert counts == [4, 2]


def test_a_file_of_the_same_size_with_another_time_is_read_again(tmp_path, reads):
    path = tmp_path / "val.json"
    write(path, coco(people(1), 1))
    assert GroundTruth.load(path)[1].annotation_id.tolist() == [2, 3]
    old = path.stat()
    (tmp_path / "other.json").write_text(path.read_text().replace('"id": 3', '"id": 4'))
    (tmp_path / "other.json").replace(path)
    assert path.stat().st_size == old.st_size and path.stat().st_mtime_ns > old.st_mtime_ns
    assert GroundTruth.load(path)[1].annotation_id.tolist() == [2, 4]
    assert len(reads) == 2


def test_a_file_that_was_refused_is_read_again_and_three_files_are_not_kept(tmp_path, reads):
    (tmp_path / "0.json").write_text("{")
    for _ in range(2):
        with pytest.raises(ValueError, match="not JSON"):
            GroundTruth.load(tmp_path / "0.json")
    paths = [write(tmp_path / f"{key}.json", coco(people(1), 1)) for key in (1, 2, 3)]
    for path in (*paths, paths[0], paths[0]):
        GroundTruth.load(path)
    assert len(reads) == 6


def test_what_was_read_cannot_be_changed(tmp_path):
    truth = GroundTruth.load(write(tmp_path / "val.json", coco(people(1), 1)))
    image = truth[1]
    arrays = [
        value
        for value in (getattr(image, field.name) for field in dataclasses.fields(image))
        if isinstance(value, np.ndarray)
    ]
    assert len(arrays) == 12
    for array in arrays:
        with pytest.raises(ValueError, match="read-only"):
            array[:1] = 1
    for one, name in (
        (truth, "json_file"),
        (image, "boxes"),
        *((m, "counts") for m in image.masks),
    ):
        with pytest.raises(dataclasses.FrozenInstanceError):
            setattr(one, name, None)
    for table in (truth.categories, truth.images):
        with pytest.raises(TypeError):
            table[1] = None
    assert all(
        isinstance(value, int | float | str | bytes | tuple)
        for mask in image.masks
        for value in vars(mask).values()
    )
