"""The list of all people of many images."""

from __future__ import annotations

import json

from inference.people_factory import linear_person

from uncertain_densepose.inference import result_records


def test_records_are_json_with_coco_boxes():
    person = linear_person((2.5, 3, 10, 23), (40, 40), score=0.75)
    (record,) = json.loads(json.dumps(result_records([person], "a/b.jpg", "b.npz")))
    assert record["bbox"] == [2.5, 3, 7.5, 20]
    assert record["category_id"] == 1 and record["score"] == 0.75
    assert (record["file_name"], record["maps"], record["person"]) == ("a/b.jpg", "b.npz", 0)
    assert record["window"] == [2, 3, 10, 23]
