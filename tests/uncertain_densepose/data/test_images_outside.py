"""The json of a data set names pictures of its folder alone."""

from __future__ import annotations

import json

import pytest

from uncertain_densepose.data.coco_densepose import load_densepose_json
from uncertain_densepose.evaluation.ground_truth import GroundTruth
from uncertain_densepose.structures.coco_annotation import AnnotationFileError

OUTSIDE = ["../private/x.jpg", "/private/x.jpg", "a/../../private/x.jpg", "..", "/", "a\0.jpg", ""]


def annotations(folder, name):
    content = {
        "images": [
            {"id": 3, "file_name": "a.jpg", "width": 8, "height": 6},
            {"id": 41, "file_name": name, "width": 8, "height": 6},
        ],
        "annotations": [],
        "categories": [{"id": 1, "name": "person"}],
    }
    path = folder / "people.json"
    path.write_text(json.dumps(content))
    return path


@pytest.mark.parametrize("name", OUTSIDE)
def test_a_data_set_that_names_pictures_elsewhere_is_refused_with_file_and_id(tmp_path, name):
    (tmp_path / "images").mkdir()
    file = annotations(tmp_path, name)
    said = rf"^{file}: .*\b41\b"
    with pytest.raises(AnnotationFileError, match=said) as caught:
        load_densepose_json("people", file, tmp_path / "images", "look")
    assert "\n" not in str(caught.value)
    with pytest.raises(AnnotationFileError, match=said):
        GroundTruth.load(file)


@pytest.mark.parametrize("name", ["b.jpg", "deep/b.jpg", "a..b.jpg", "..a/b.jpg", "link/b.jpg"])
def test_pictures_in_the_folder_also_behind_a_link_are_taken(tmp_path, name):
    (tmp_path / "images").mkdir()
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "images" / "link").symlink_to(tmp_path / "elsewhere")
    file = annotations(tmp_path, name)
    records = load_densepose_json("people", file, tmp_path / "images", "look")
    assert records[1]["file_name"] == str(tmp_path / "images" / name)
