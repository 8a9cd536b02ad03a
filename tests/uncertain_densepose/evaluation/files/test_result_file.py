import json
import math

import numpy as np
import pytest

from tests.uncertain_densepose.evaluation.iuv_scene import (
    FORMS,
    constant_iuv,
    record,
    write_results,
)
from tests.uncertain_densepose.evaluation.scene import HEIGHT, WIDTH, coco, labelled, write
from uncertain_densepose.evaluation.files.result_file import LeftOut, ResultFile, ResultFileError
from uncertain_densepose.evaluation.ground_truth.ground_truth import GroundTruth

BOX = [10, 20, 40, 60]
IUV = constant_iuv(BOX, 2, 0.5, 0.5)


@pytest.fixture
def ground_truth(tmp_path):
    rng = np.random.default_rng(0)
    people = [labelled(11, 1, BOX, rng), labelled(12, 3, BOX, rng)]
    return GroundTruth.load(write(tmp_path / "val.json", coco(people, num_images=3)))


@pytest.fixture
def results(ground_truth, tmp_path):
    """A function that reads records, by default without mercy."""

    def read(records, *complain):
        path = write_results(tmp_path / "results.json", records)
        return ResultFile(path, ground_truth, *complain)

    return read


@pytest.mark.parametrize("form", FORMS)
def test_all_images_come_with_their_results(results, form):
    file = results(
        [
            record(3, BOX, 0.5, IUV, form),
            record(1, BOX, 0.25, IUV, form),
            record(3, [0, 0, 40, 60], 1, IUV, form, id=5, extra="ignored"),
        ]
    )
    assert (file.num_results, file.num_beyond) == (3, 0)
    for _ in range(2):
        found = {image.image_id: detections for image, detections in file}
        assert list(found) == [1, 2, 3]
        assert [len(detections) for detections in found.values()] == [1, 0, 2]
        assert found[3].score.tolist() == [1, 0.5]
        assert found[3].boxes.tolist() == [[0, 0, 40, 60], BOX]
        part, uv = found[1].read(np.array([0]), np.array([[30.0, 50.0]]))
        assert part.tolist() == [2]
        np.testing.assert_allclose(uv, 128 / 255)


def test_results_beyond_the_twenty_highest_scores_are_counted(results):
    file = results([record(1, BOX, k / 100, IUV) for k in range(23)])
    assert (file.num_results, file.num_beyond) == (23, 3)
    (_, detections), *_ = file
    assert detections.score.tolist() == [k / 100 for k in range(22, 2, -1)]


BAD_RECORDS = [
    ("image_id", {"image_id": 77}, "is 77, which is not an image of .*val.json"),
    ("image_id", {"image_id": None}, "is None, not an integer or a string"),
    ("image_id", {"image_id": [1]}, "not an integer or a string"),
    ("category_id", {"category_id": 9}, r"is 9, expected one of \[1\]"),
    ("category_id", {"category_id": True}, "not an integer or a string"),
    ("bbox", {"bbox": [1, 2, 3]}, "not a list of four finite numbers"),
    ("bbox", {"bbox": [1, 2, 3, "4"]}, "not a list of four finite numbers"),
    ("bbox", {"bbox": [1, 2, math.nan, 4]}, "not a list of four finite numbers"),
    ("bbox", {"bbox": [1, 2, 10**400, 4]}, "not a list of four finite numbers"),
    ("bbox", {"bbox": [10, 20, 0, 60]}, "has no area"),
    ("bbox", {"bbox": [10, 20, 40, -60]}, "has no area"),
    ("bbox", {"bbox": [5000, 20, 40, 60]}, "pixels beyond the image of 160 x 120"),
    ("bbox", {"bbox": [-20, 20, 40, 60]}, "reaches 20 pixels beyond"),
    ("bbox", {"bbox": [130, 20, 40, 60]}, "reaches 10 pixels beyond"),
    ("bbox", {"bbox": [10, 80, 40, 60]}, "reaches 20 pixels beyond"),
    ("score", {"score": math.nan}, "is nan, not a finite number"),
    ("score", {"score": math.inf}, "not a finite number"),
    ("score", {"score": None}, "not a finite number"),
    ("score", {"score": "0.5"}, "not a finite number"),
    ("id", {"id": 4}, "is 4, which another result has too"),
    ("id", {"id": {}}, "not an integer or a string"),
    ("uv_data", {"uv_shape": [3, 10, 10]}, r"has shape \(3, 10, 10\), but the box"),
    ("uv_data", {"uv_data": "%"}, "not a string in base64"),
    ("uv_data", {"uv_data": "aGVsbG8="}, "cannot be decoded"),
    ("uv_data", FORMS["2018"](constant_iuv(BOX, 25, 0.5, 0.5)), "has the part 25"),
    ("uv_data", {"densepose": []}, "is given besides 'densepose'"),
]


@pytest.mark.parametrize(("field", "change", "complaint"), BAD_RECORDS)
def test_what_cannot_be_used_is_named_with_file_index_and_field(results, field, change, complaint):
    good = record(1, BOX, 0.5, IUV, id=4)
    match = rf"results\.json: result 1: field '{field}' .*{complaint}"
    with pytest.raises(ResultFileError, match=match) as raised:
        list(results([good, record(1, BOX, 0.5, IUV) | change]))
    assert "\n" not in str(raised.value)


@pytest.mark.parametrize(("field", "change", "complaint"), BAD_RECORDS)
def test_or_left_out_and_counted(results, field, change, complaint):
    good = record(1, BOX, 0.5, IUV, id=4)
    left_out = LeftOut()
    file = results([good, record(1, BOX, 0.7, IUV) | change, good | {"id": 6}], left_out)
    (_, detections), *_ = file
    assert detections.score.tolist() == [0.5, 0.5]
    assert left_out.counts == {field: 1}
    (warning,) = left_out.warnings()
    assert warning.startswith(f"1 results left out because of field '{field}'")
    assert "result 1" in warning


def test_missing_fields_are_named(results):
    for field in ("image_id", "category_id", "bbox", "score"):
        incomplete = record(1, BOX, 0.5, IUV)
        del incomplete[field]
        with pytest.raises(ResultFileError, match=f"result 0: field '{field}'"):
            results([incomplete])
    with pytest.raises(ResultFileError, match="result 0: field 'image_id' .*not a JSON object"):
        results([17])
    with pytest.raises(ResultFileError, match="result 0: field 'densepose' is missing"):
        list(results([{"image_id": 1, "category_id": 1, "bbox": BOX, "score": 1}]))


def test_a_bad_result_does_not_take_the_place_of_a_good_one(results):
    records = [record(1, BOX, k / 100, IUV) for k in range(22)]
    records[21]["uv_data"] = "%"
    (_, detections), *_ = results(records, LeftOut())
    assert detections.score.tolist() == [k / 100 for k in range(20, 0, -1)]


def test_boxes_may_be_rounded_over_the_edge_of_the_image(results):
    box = [-0.6, 0, WIDTH + 1.2, HEIGHT + 0.9]
    iuv = constant_iuv([0, 0, WIDTH + 1, HEIGHT], 2, 0.5, 0.5)
    assert results([record(1, box, 0.5, iuv)]).num_results == 1


@pytest.mark.parametrize("text", ["{}", "", '[{"image_id": 1,', "null", "[{} {}]"])
@pytest.mark.parametrize("lenient", [False, True])
def test_a_file_that_is_no_list_is_refused_in_any_case(ground_truth, tmp_path, text, lenient):
    path = tmp_path / "broken.json"
    path.write_text(text)
    complain = [LeftOut()] if lenient else []
    with pytest.raises(ResultFileError, match=r"broken\.json: not"):
        ResultFile(path, ground_truth, *complain)


def test_a_missing_file_is_named(ground_truth, tmp_path):
    with pytest.raises(FileNotFoundError, match="nowhere.json"):
        ResultFile(tmp_path / "nowhere.json", ground_truth)


def test_texts_beyond_ascii_do_not_shift_the_positions(ground_truth, tmp_path):
    records = [record(1, BOX, 0.5, IUV, file_name="größe.jpg"), record(3, BOX, 0.25, IUV)]
    path = tmp_path / "results.json"
    path.write_text(json.dumps(records, ensure_ascii=False), encoding="utf-8")
    found = {image.image_id: len(found) for image, found in ResultFile(path, ground_truth)}
    assert found == {1: 1, 2: 0, 3: 1}


def test_a_record_that_has_meanwhile_become_something_else_is_refused(results, tmp_path):
    file = results([record(1, BOX, 0.5, IUV, next(iter(FORMS)))])
    path = tmp_path / "results.json"
    text = path.read_text()
    path.write_text(f"[{json.dumps('x' * (len(text) - 4))}]")
    with pytest.raises(ResultFileError, match="results.json: has changed while it was read"):
        list(file)
