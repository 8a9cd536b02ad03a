"""tools/check_annotations.py: what it tells, in which words, and with which exit status."""

import json

import cv2
import numpy as np
import pytest
from PIL import Image

from tests.uncertain_densepose.data.oddities import (
    ODDITIES,
    annotation,
    coco,
    image_entry,
    write_oddities,
)
from uncertain_densepose.data.annotation_checks import CHECKS
from uncertain_densepose.data.coco_densepose import load_densepose_json


@pytest.fixture
def write(tmp_path):
    def write(content, name="a.json"):
        path = tmp_path / name
        path.write_text(json.dumps(content))
        return str(path)

    return write


@pytest.fixture
def pictures(tmp_path):
    """A folder of images, good and bad, and their entries."""
    good = np.full((64, 80, 3), 90, np.uint8)
    cv2.imwrite(str(tmp_path / "good.png"), good)
    cv2.imwrite(str(tmp_path / "small.png"), good[:32])
    (tmp_path / "text.png").write_text("no image")
    # Lying on its side, which the reader of training turns upright.
    lying = Image.fromarray(good.transpose(1, 0, 2))
    exif = lying.getexif()
    exif[0x0112] = 6
    lying.save(tmp_path / "lying.jpg", exif=exif)
    names = ("good.png", "lying.jpg", "small.png", "text.png", "none.png")
    return [image_entry(k, file_name=name) for k, name in enumerate(names, start=1)]


def test_a_whole_file_is_told_so(tool, write, capsys):
    path = write(coco([annotation()], [image_entry(1)]))
    assert tool.main([path]) == 0
    assert capsys.readouterr().out == (
        f"{path}: 1 images, 1 annotations\n"
        "training uses 1 images with 1 people, 1 of them with 4 points and 1 with part masks\n"
        "evaluation uses 1 images with 1 people, 1 to be found with 4 points\n"
    )


def test_repairs_are_told_and_do_no_harm(tool, write, capsys):
    path = write(coco([annotation(dp_I=[1.0, 2.0, 3, 4], id=77)], [image_entry(1)]))
    assert tool.main([path]) == 0
    assert capsys.readouterr().out.splitlines()[3:] == [
        "",
        "repaired: part_as_float: 2 points in 1 annotations (ids 77)",
        "    The part of a point has a decimal point, as in DensePose-COCO: it is read as a whole"
        " number",
    ]


def test_every_oddity_is_counted(tool, tmp_path, capsys):
    path = write_oddities(tmp_path)
    assert tool.main([str(path), "--json", str(tmp_path / "report.json")]) == 1
    text = capsys.readouterr().out
    for oddity in ODDITIES.values():
        for name in oddity.findings:
            assert f": {name}: " in text
    content = json.loads((tmp_path / "report.json").read_text())
    assert content["file"] == str(path) and content["annotations"] == 2 * len(ODDITIES)
    assert {one["check"] for one in content["findings"]} <= CHECKS.keys()


def test_what_stops_training_comes_first(tool, write, tmp_path, capsys):
    path = write(coco([annotation()], [image_entry(1)] * 2))
    assert tool.main([path]) == 2
    assert "\nfatal: image_id_repeated: 1 entries (ids 1)\n" in capsys.readouterr().out
    with pytest.raises(ValueError, match="Several images have the same id"):
        load_densepose_json("repeated", path, tmp_path, "make it")


def test_images_are_looked_at_where_asked(tool, write, tmp_path, pictures, capsys):
    people = [annotation(id=image["id"], image_id=image["id"]) for image in pictures]
    path = write(coco(people, pictures))
    assert tool.main([path]) == 0
    capsys.readouterr()
    report = tmp_path / "report.json"
    assert tool.main([path, "--images", str(tmp_path), "--json", str(report)]) == 2
    lines = capsys.readouterr().out.splitlines()
    headlines = [x for x in lines if x.startswith("fatal")]
    assert headlines == [
        f"fatal: image_size_differs: 1 image files (ids 3; first {tmp_path}/small.png)",
        f"fatal: image_file_unreadable: 1 image files (ids 4; first {tmp_path}/text.png)",
        f"fatal: image_file_missing: 1 image files (ids 5; first {tmp_path}/none.png)",
    ]
    reasons = [
        f"{tmp_path}/small.png: is 80 x 32 pixels, not 80 x 64",
        f"{tmp_path}/text.png: not an image, or in a format that Pillow cannot read",
        f"{tmp_path}/none.png: no such file",
    ]
    assert [f"    {reason}" for reason in reasons] == [x for x in lines if f"    {tmp_path}" in x]
    found = json.loads(report.read_text())["findings"]
    assert [reason for one in found for reason in one["files"]] == reasons


def test_a_truncated_picture_is_found_by_decoding_it(tool, write, tmp_path, capsys):
    picture = np.random.default_rng(0).integers(0, 256, (64, 80, 3), dtype=np.uint8)
    cv2.imwrite(str(tmp_path / "half.jpg"), picture)
    content = (tmp_path / "half.jpg").read_bytes()
    (tmp_path / "half.jpg").write_bytes(content[: len(content) // 2])
    path = write(coco([annotation()], [image_entry(1, file_name="half.jpg")]))
    assert tool.main([path, "--images", str(tmp_path)]) == 2
    assert f"    {tmp_path}/half.jpg: damaged or truncated image: " in capsys.readouterr().out


def test_many_ids_are_cut_short(tool, write, capsys):
    people = [annotation(id=k, iscrowd=1) for k in range(9)]
    tool.main([write(coco(people, [image_entry(1)]))])
    assert "dropped: crowd: 9 annotations (ids 0, 1, 2, 3, 4, ...)" in capsys.readouterr().out


def test_mistakes_are_told_in_one_line(refused, tmp_path):
    assert "none.json" in refused(tmp_path / "none.json")
    (tmp_path / "bad.json").write_text('{"images": [')
    assert "bad.json: not JSON" in refused(tmp_path / "bad.json")
    assert "no such folder" in refused(tmp_path / "bad.json", "--images", tmp_path / "none")


def test_a_file_is_checked_for_training_or_for_evaluation(tool, write, capsys):
    bare = {"dp_masks": [], "segmentation": ...}
    path = write(coco([annotation(**bare), annotation(id=6, iscrowd=1)], [image_entry(1)]))
    assert tool.main([path, "--for", "training"]) == 1
    lines = capsys.readouterr().out.splitlines()
    assert lines[1] == (
        "training uses 1 images with 1 people, 1 of them with 4 points and 0 with part masks"
    )
    assert "dropped: crowd: 1 annotations (ids 6)" in lines
    assert tool.main([path, "--for", "evaluation"]) == 2
    text = capsys.readouterr().out
    assert "evaluation uses 1 images with 1 people, 0 to be found with 0 points" in text
    assert "repaired: crowd: 1 annotations (ids 6)" in text and "training uses" not in text
    assert "\nfatal: no_mask_left: " in text
    assert tool.main([path]) == 2
    text = capsys.readouterr().out
    assert "dropped: crowd: 1 annotations (ids 6)\n" in text
    assert "    evaluation: repaired: nobody has to be found there" in text


def test_labels_that_cannot_be_right_are_explained(tool, write, capsys):
    people = [annotation(id=k, dp_U=[10.0, 200.0, 30.5, 255.0]) for k in range(20)]
    assert tool.main([write(coco(people, [image_entry(1)]))]) == 2
    text = capsys.readouterr().out
    assert "\nfatal: uv_in_other_units: 80 of 80; the largest is 255\n" in text


def test_a_file_name_that_is_too_long_is_that_of_a_missing_file(tool, write, tmp_path, capsys):
    path = write(coco([annotation()], [image_entry(1, file_name="0" * 2000)]))
    assert tool.main([path, "--images", str(tmp_path)]) == 2
    assert "fatal: image_file_missing: 1 image files (ids 1; first " in capsys.readouterr().out
