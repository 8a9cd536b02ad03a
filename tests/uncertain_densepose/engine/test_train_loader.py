"""The order of training records, and what becomes of those that cannot be read."""

import itertools
from types import SimpleNamespace

import numpy as np
import pytest
import torch
from detectron2.data import DatasetCatalog, MetadataCatalog
from detectron2.data.build import build_detection_train_loader
from detectron2.data.samplers import TrainingSampler

from uncertain_densepose.engine.train_loader import (
    MAX_UNREADABLE,
    BatchPlan,
    TrainingDataError,
    build_train_loader,
    continue_loader,
    loader_seed,
    training_records,
)

RECORDS = [
    {"file_name": f"{k}.jpg", "width": 30 + 7 * (k % 5), "height": 44, "place": k}
    for k in range(23)
]


def draw(record):
    """A mapper whose result shows what each generator drew."""
    drawn = np.random.random(), torch.rand(()).item()
    return {key: record[key] for key in ("width", "height", "place")} | {"drawn": drawn}


def first(loader, count):
    return list(itertools.islice(loader, count))


def build(mapper=draw, seed=5, **options):
    return build_train_loader(RECORDS, mapper=mapper, total_batch_size=3, seed=seed, **options)


@pytest.mark.parametrize("grouping", [True, False])
def test_batches_are_those_of_detectron2(grouping):
    def places(batches):
        return [[record["place"] for record in batch] for batch in batches]

    theirs = build_detection_train_loader(
        RECORDS,
        mapper=draw,
        sampler=TrainingSampler(len(RECORDS), seed=5),
        total_batch_size=3,
        aspect_ratio_grouping=grouping,
    )
    ours = build(aspect_ratio_grouping=grouping)
    assert places(first(ours, 30)) == places(first(theirs, 30))


@pytest.mark.parametrize("workers", [0, 1, 3])
def test_neither_workers_nor_a_start_in_between_change_them(workers):
    whole = first(build(), 30)
    assert first(build(num_workers=workers), 30) == whole
    later = build(num_workers=workers)
    later.start_at(19)
    assert first(later, 11) == whole[19:]


def test_every_record_draws_its_own_numbers():
    drawn = [record["drawn"] for batch in first(build(), 40) for record in batch]
    assert len(set(drawn)) == len(drawn)
    assert drawn[:6] != [r["drawn"] for batch in first(build(seed=6), 2) for r in batch]


def test_mapping_does_not_disturb_the_generators_of_the_training():
    torch.manual_seed(0)
    np.random.seed(0)
    expected = torch.rand(()).item(), np.random.random()
    torch.manual_seed(0)
    np.random.seed(0)
    first(build(), 3)
    assert (torch.rand(()).item(), np.random.random()) == expected


@pytest.mark.parametrize("workers", [0, 2])
def test_a_picture_that_cannot_be_read_is_passed_over_and_named_once(workers, log):
    def mapper(record):
        if record["place"] in (4, 5):
            raise OSError("image file is truncated")
        return draw(record)

    clean = first(build(), 30)
    found = first(build(mapper, num_workers=workers), 30)
    for batch, expected in zip(found, clean, strict=True):
        for record, usual in zip(batch, expected, strict=True):
            bad = usual["place"] in (4, 5)
            assert record["place"] == 6 if bad else record == usual
    for name in ("4.jpg", "5.jpg"):
        assert log.text.count(f"{name} cannot be read") == 1


def test_a_folder_that_has_gone_ends_the_training():
    def mapper(record):
        raise FileNotFoundError(record["file_name"])

    with pytest.raises(TrainingDataError, match=f"^{MAX_UNREADABLE} pictures in a row .*jpg"):
        first(build(mapper), 1)


@pytest.mark.parametrize("workers", [0, 1])
def test_a_mapper_at_fault_is_reported_with_the_file(workers, log):
    def mapper(record):
        raise KeyError("bbox")

    message = r"^\d+\.jpg: KeyError: 'bbox'$"
    with pytest.raises(TrainingDataError, match=message):
        first(build(mapper, num_workers=workers), 1)
    assert "in mapper" in log.text


@pytest.mark.parametrize("size", [0, -1])
def test_a_batch_has_pictures(size):
    with pytest.raises(TrainingDataError, match="SOLVER.IMS_PER_BATCH"):
        build_train_loader(RECORDS, mapper=draw, total_batch_size=size, seed=0)


def test_an_empty_training_set_is_refused():
    with pytest.raises(TrainingDataError, match="no picture"):
        build_train_loader([], mapper=draw, total_batch_size=1, seed=0)


@pytest.mark.parametrize(
    "records", [[], [{"annotations": []}], [{"annotations": [{"iscrowd": 1}]}]]
)
def test_an_annotation_file_without_anybody_is_named(records):
    DatasetCatalog.register("nobody", lambda: records)
    MetadataCatalog.get("nobody").set(json_file="nobody.json")
    try:
        with pytest.raises(TrainingDataError, match="^nobody.json: no image has a person"):
            training_records(("nobody",))
    finally:
        DatasetCatalog.pop("nobody")
        MetadataCatalog.pop("nobody")


def test_a_plan_passes_over_batches_without_their_records():
    plan = BatchPlan(itertools.count(), [k % 2 for k in range(2000)], 2)
    plan.start = 3
    assert first(plan, 2) == [[(5, 5), (7, 7)], [(8, 8), (10, 10)]]


def test_a_loader_of_another_kind_is_kept_with_a_warning(log):
    loop = SimpleNamespace(data_loader=[1, 2])
    assert loader_seed(loop.data_loader, 7) == 7 and loader_seed(build(seed=5), 7) == 5
    continue_loader(loop, 3, 7, build)
    assert loop.data_loader == [1, 2] and "list, which begins with the first" in log.text
