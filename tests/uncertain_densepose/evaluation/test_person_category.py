"""Whatever the ids and the order of categories, the numbers are those of `person` = 1 alone."""

import copy

import numpy as np
import pytest
from detectron2.data import MetadataCatalog
from detectron2.evaluation import COCOEvaluator

from tests.uncertain_densepose.evaluation.iuv_scene import constant_iuv, record, write_results
from tests.uncertain_densepose.evaluation.runs import (
    FIRST,
    NAME,
    SECOND,
    detected,
    given_box_answers,
    in_given_boxes,
    nobody,
    perfect_answers,
    run,
)
from tests.uncertain_densepose.evaluation.scene import coco, instances, unlabelled, write
from uncertain_densepose.data import load_densepose_json
from uncertain_densepose.data.annotation_checks import person_category
from uncertain_densepose.evaluation import (
    GroundTruth,
    PersonBoxEvaluator,
    ResultFile,
    evaluate_results,
)
from uncertain_densepose.inference.export import coco_category_id

DOG = [20, 40, 50, 50]
PERSON = {"id": 1, "name": "person"}

LAYOUTS = {
    "person alone": ([PERSON], None),
    "people before": ([{"id": 0, "name": "people"}, PERSON], None),
    "people after": ([PERSON, {"id": 2, "name": "people"}], None),
    "background": ([{"id": 0, "name": "background"}, PERSON], None),
    "a dog before": ([{"id": 1, "name": "dog"}, {"id": 2, "name": "person"}], None),
    "annotated dogs": ([{"id": 1, "name": "dog"}, {"id": 2, "name": "person"}], 1),
    "annotated dogs after": ([PERSON, {"id": 18, "name": "dog"}], 18),
    "0": ([{"id": 0, "name": "person"}], None),
    "7": ([{"id": 7, "name": "person"}], None),
    "another case": ([{"id": 3, "name": "dog"}, {"id": 1, "name": " Person"}], None),
    "the only one": ([{"id": 5, "name": "dancer"}], None),
}
"""By name: the categories, and the id of annotated dogs."""


@pytest.fixture(params=LAYOUTS)
def layout(request):
    return LAYOUTS[request.param]


@pytest.fixture
def written(layout, people, tmp_path):
    """The path of the annotations of the layout, and the id of the category of people."""
    categories, dog = layout
    person = person_category(categories)
    annotations = [copy.deepcopy(one) | {"category_id": person} for one in people]
    if dog is not None:
        animals = [unlabelled(100 + k, k, DOG, category_id=dog) for k in (1, 2, 3)]
        annotations = [animals[0], *annotations, *animals[1:]]
    content = coco(annotations, num_images=3) | {"categories": categories}
    return write(tmp_path / "layout.json", content), person


@pytest.fixture
def named(written):
    MetadataCatalog.get("layout").set(json_file=written[0])
    yield "layout"
    MetadataCatalog.remove("layout")


def flawed_answers():
    """One person missed, one box wrong, one that is nobody's."""
    answers = perfect_answers()
    answers[1] = instances([SECOND, [30, 10, 20, 20], FIRST], [0.8, 0.95, 0.4])
    answers[2] = nobody()
    return answers


def everything(name, flat_distance, answers):
    measured = detected(flat_distance, name, answers)
    measured |= in_given_boxes(flat_distance, name, given_box_answers())
    return measured | run(PersonBoxEvaluator(name), answers)


def test_all_metrics_are_those_of_person_alone(named, flat_distance, register, people):
    answers = flawed_answers()
    measured = everything(named, flat_distance, answers)
    expected = everything(register(people), flat_distance, answers)
    assert measured.keys() == expected.keys() >= {"bbox", "densepose_gps", "densepose_segm"}
    for task, metrics in expected.items():
        for metric, value in metrics.items():
            np.testing.assert_equal(measured[task][metric], value, err_msg=f"{task} {metric}")
    assert 0 < measured["densepose_gps"]["AP"] < 100 and 0 < measured["bbox"]["AP"] < 100
    assert 0 < measured["densepose_segm"]["AP"] < 100


def test_result_files_are_those_of_person_alone(written, tmp_path, people, flat_distance):
    path, person = written
    iuv = constant_iuv(FIRST, 2, 0.5, 0.5)
    records = [record(1, FIRST, 0.9, iuv), record(1, [30, 10, 40, 60], 0.5, iuv)]
    alone = GroundTruth.load(write(tmp_path / "alone.json", coco(people, num_images=3)))
    results = write_results(tmp_path / "results.json", records)
    expected, _ = evaluate_results(ResultFile(results, alone), flat_distance)
    ours = [one | {"category_id": person} for one in records]
    truth = GroundTruth.load(path)
    # Detections of other categories need no dense pose, and are passed over.
    others = [{"image_id": 1, "category_id": key} for key in sorted(truth.other_categories)]
    results = write_results(tmp_path / "results.json", [*others, *ours])
    file = ResultFile(results, truth)
    found, _ = evaluate_results(file, flat_distance)
    np.testing.assert_equal(found, expected)
    assert (file.num_results, file.num_passed_over) == (2, len(others))
    assert found["densepose_segm"]["AP"] > 0


def test_training_and_dumped_results_take_the_same_category(written, tmp_path):
    path, person = written
    records = load_densepose_json("layout", path, tmp_path, "make it")
    try:
        metadata = MetadataCatalog.get("layout")
        assert metadata.thing_dataset_id_to_contiguous_id == {person: 0}
    finally:
        MetadataCatalog.pop("layout")
    assert [len(one["annotations"]) for one in records] == [3, 1, 0]
    assert coco_category_id(path) == person


def test_a_list_of_images_has_cocos_category_and_a_file_without_people_none(tmp_path):
    assert coco_category_id(write(tmp_path / "a.json", {"images": []})) == 1
    animals = {"categories": [{"id": 1, "name": "cat"}, {"id": 2, "name": "dog"}]}
    with pytest.raises(ValueError, match="a.json: field 'categories'"):
        coco_category_id(write(tmp_path / "a.json", animals))


def test_people_beside_person_are_another_category():
    assert person_category([{"id": 0, "name": "people"}, PERSON]) == 1
    assert person_category([{"id": 0, "name": "people"}]) == 0
    assert person_category([{"id": 0, "name": "people"}, {"id": 1, "name": "dog"}]) is None
    assert person_category([7, {"id": "1", "name": "person"}, {"id": 4, "name": "PERSON "}]) == 4


def test_box_ap_is_detectron2s_where_nothing_is_odd(dataset):
    classes = {"thing_classes": ["person"], "thing_dataset_id_to_contiguous_id": {1: 0}}
    MetadataCatalog.get(dataset).set(**classes)
    theirs = COCOEvaluator(dataset, tasks=("bbox",), use_fast_impl=False)
    ours = PersonBoxEvaluator(dataset)
    np.testing.assert_equal(run(ours, flawed_answers()), run(theirs, flawed_answers()))


@pytest.mark.parametrize("oddity", ["no area", "no flag", "one id", "a byte order mark"])
def test_box_ap_mends_what_has_a_default(oddity, dataset, register, people, tmp_path):
    expected = run(PersonBoxEvaluator(dataset), flawed_answers())
    MetadataCatalog.remove(NAME)
    changes = {"no area": {"area": ...}, "no flag": {"iscrowd": ...}, "one id": {"id": 0}}
    odd = [one | changes.get(oddity, {}) for one in people]
    register([{k: v for k, v in one.items() if v is not ...} for one in odd])
    if oddity == "a byte order mark":
        path = tmp_path / "val.json"
        path.write_bytes(b"\xef\xbb\xbf" + path.read_bytes())
    np.testing.assert_equal(run(PersonBoxEvaluator(NAME), flawed_answers()), expected)
