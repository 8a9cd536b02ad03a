import numpy as np
import pytest

from tests.uncertain_densepose.evaluation.scene import coco, labelled, unlabelled, write
from uncertain_densepose.evaluation.ground_truth.ground_truth import GroundTruth
from uncertain_densepose.evaluation.ground_truth.visibility import UNKNOWN
from uncertain_densepose.structures.coco_annotation import AnnotationFileError

BOX = [10.0, 20.0, 51.0, 102.0]


@pytest.fixture
def person():
    return labelled(7, 1, BOX, np.random.default_rng(0))


def load(tmp_path, *annotations):
    return GroundTruth.load(write(tmp_path / "val.json", coco(list(annotations), num_images=2)))


def test_points_are_read_in_pixels_of_the_image(tmp_path, person):
    image = load(tmp_path, unlabelled(3, 1, BOX), person)[1]
    assert image.num_points.tolist() == [0, 12]
    np.testing.assert_array_equal(image.person, 1)
    np.testing.assert_allclose(image.xy[:, 0], 10 + np.array(person["dp_x"]) / 255 * 51)
    np.testing.assert_allclose(image.xy[:, 1], 20 + np.array(person["dp_y"]) / 255 * 102)
    np.testing.assert_array_equal(image.part, person["dp_I"])
    np.testing.assert_allclose(image.uv, np.stack([person["dp_U"], person["dp_V"]], axis=1))
    assert np.isnan(image.uv_true).all()


def test_true_coordinates_are_read_beside_the_annotated_ones(tmp_path, person):
    person["dp_U_true"], person["dp_V_true"] = [0.25] * 12, [0.75] * 12
    other = labelled(8, 1, BOX, np.random.default_rng(1))
    image = load(tmp_path, person, other)[1]
    np.testing.assert_array_equal(image.uv_true[:12], [[0.25, 0.75]] * 12)
    assert np.isnan(image.uv_true[12:]).all()


def test_crowds_and_people_without_points_are_ignored(tmp_path, person):
    nobody = {name: [] for name in ("dp_x", "dp_y", "dp_I", "dp_U", "dp_V")}
    image = load(
        tmp_path,
        person,
        unlabelled(8, 1, BOX),
        unlabelled(9, 1, BOX, **nobody),
        person | {"id": 10, "iscrowd": 1},
    )[1]
    assert image.ignored.tolist() == [False, True, True, True]


def test_an_image_without_people_is_there(tmp_path, person):
    image = load(tmp_path, person)[2]
    assert image.num_people == 0
    assert image.boxes.shape == (0, 4)
    assert image.uv.shape == (0, 2)


def test_points_outside_the_box_are_left_out_as_in_training(tmp_path, person):
    person["dp_x"][0] = 400.0
    person["dp_U_true"], person["dp_V_true"] = np.linspace(0, 1, (24)).reshape(2, 12).tolist()
    image = load(tmp_path, person)[1]
    assert len(image.xy) == 11
    np.testing.assert_array_equal(image.part, person["dp_I"][1:])
    np.testing.assert_array_equal(image.uv_true[:, 0], person["dp_U_true"][1:])


def test_polygons_and_uncompressed_encodings_are_masks_too(tmp_path, person):
    x, y, w, h = BOX
    person["segmentation"] = [[x, y, x + w, y, x + w, y + h, x, y + h]]
    counts = [0, 120 * 160]
    other = person | {"id": 8, "segmentation": {"size": [120, 160], "counts": counts}}
    image = load(tmp_path, person, other)[1]
    # Pixels are counted up to the image's edge.
    assert image.masks[0].decode().area == pytest.approx(51 * 100, rel=0.03)
    assert image.masks[1].decode().area == 120 * 160


def test_the_mask_of_an_unlabelled_person_need_not_be_there(tmp_path, person):
    nothing = [None, [], [[1, 2, 3]], {"size": [10, 10], "counts": "abc"}]
    others = [
        unlabelled(key, 1, BOX, segmentation=value) for key, value in enumerate(nothing, start=8)
    ]
    image = load(tmp_path, person, *others, unlabelled(20, 1, BOX))[1]
    assert [mask is None for mask in image.masks] == [False, True, True, True, True, False]


def test_the_visibility_of_points_is_that_of_their_limbs(tmp_path, person):
    # The points are on the torso; its joints are the shoulders and hips.
    flags = [2] * 17
    flags[11] = 1
    keypoints = [value for flag in flags for value in (1.0, 1.0, flag)]
    other = labelled(8, 1, BOX, np.random.default_rng(1))
    image = load(tmp_path, unlabelled(3, 1, BOX), other, person | {"keypoints": keypoints})[1]
    np.testing.assert_array_equal(image.visibility, [UNKNOWN] * 12 + [1] * 12)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("dp_U", [0.5] * 11),
        ("dp_V", None),
        ("dp_y", ["here"] * 12),
        ("dp_x", [float("nan")] * 12),
        ("dp_I", [25] * 12),
        ("dp_I", [0] * 12),
        ("dp_I", [1.5] * 12),
        ("dp_U", [1e308] * 12),
        ("bbox", [1, 2, 3]),
        ("bbox", [1, 2, -3, 4]),
        ("bbox", [1, 2, 2e9, 2e9]),
        ("category_id", 5),
        ("segmentation", None),
        ("segmentation", [[1, 2, 3]]),
        ("segmentation", {"size": [10, 10], "counts": "abc"}),
        ("segmentation", {"size": [120, 160], "counts": ""}),
        ("image_id", 99),
        ("iscrowd", "no"),
    ],
)
def test_where_nothing_is_left_to_measure_the_annotation_is_named(tmp_path, person, field, value):
    with pytest.raises(AnnotationFileError, match=r"val\.json: .*annotation 7") as error:
        load(tmp_path, person | {field: value})
    named = {"dp_I": "part", "bbox": "box", "dp_x": "point", "segmentation": "masks", "dp_U": "U"}
    assert named.get(field, field) in str(error.value)
    assert "\n" not in str(error.value)


@pytest.mark.parametrize(
    ("field", "value"),
    [("dp_V", None), ("bbox", [1, 2, 3]), ("image_id", None), ("id", 2**63), ("id", None)],
)
def test_what_training_leaves_out_is_left_out_here_and_counted(
    tmp_path, person, field, value, caplog
):
    other = labelled(8, 1, BOX, np.random.default_rng(1))
    caplog.set_level("INFO")
    image = load(tmp_path, person | {field: value}, other)[1]
    labels_alone = field == "dp_V"
    assert image.annotation_id.tolist() == [7, 8] if labels_alone else [8]
    assert image.ignored.tolist() == [True, False] if labels_alone else [False]
    assert image.num_points.sum() == 12


@pytest.mark.parametrize(
    ("field", "value", "kept"),
    [
        ("dp_masks", [[]] * 13, 12),
        ("keypoints", [1, 1, 3] * 17, 12),
        ("dp_V_true", [0.5] * 12, 12),
        ("area", None, 12),
        ("iscrowd", None, 12),
    ],
)
def test_what_has_a_default_is_mended(tmp_path, person, field, value, kept):
    image = load(tmp_path, person | {field: value})[1]
    assert image.num_points.tolist() == [kept] and not image.ignored.any()
    assert image.masks[0].decode().area == 51 * 100
    assert image.area.tolist() == [51 * 100 if field == "area" else person["area"]]
    assert np.isnan(image.uv_true).all()


def test_fields_with_a_default_may_be_missing(tmp_path, person):
    del person["area"], person["iscrowd"]
    image = load(tmp_path, person, unlabelled(8, 1, [4.0, 4.0, 10.0, 20.0]))[1]
    assert image.area.tolist() == [51 * 100, 200] and not image.iscrowd.any()
    nothing = unlabelled(8, 1, [4.0, 4.0, 10.0, 20.0], segmentation=None)
    del nothing["area"]
    assert load(tmp_path, person, nothing)[1].area.tolist() == [51 * 100, 200]


def test_a_missing_list_of_coordinates_is_named(tmp_path, person):
    del person["dp_V"]
    with pytest.raises(AnnotationFileError, match=r"dp_V are missing.*annotation 7"):
        load(tmp_path, person)


def test_the_ignored_need_not_be_found(tmp_path, person):
    flagged = person | {"id": 9, "ignore": 1}
    image = load(tmp_path, person, flagged, person | {"id": 10, "iscrowd": 1})[1]
    assert image.ignored.tolist() == [False, True, True]
    assert image.iscrowd.tolist() == [False, True, True]


def test_a_byte_order_mark_is_passed_over(tmp_path, person):
    path = tmp_path / "val.json"
    write(path, coco([person], num_images=1))
    path.write_bytes(b"\xef\xbb\xbf" + path.read_bytes())
    assert GroundTruth.load(path)[1].num_people == 1


def test_annotation_ids_may_occur_twice_as_in_minival(tmp_path, person):
    truth = load(tmp_path, person, person, person | {"image_id": 2})
    assert [image.num_people for image in truth] == [2, 1]


@pytest.mark.parametrize(
    "content", [[], {"images": []}, {"annotations": [{"id": 3}]}, {"images": 1, "annotations": []}]
)
def test_a_file_in_another_format_is_named(tmp_path, content):
    with pytest.raises(AnnotationFileError, match=r"other\.json: .*not in COCO's format"):
        GroundTruth.load(write(tmp_path / "other.json", content))


SAME_ID = {"images": "images have the same id", "categories": "id of another category"}


@pytest.mark.parametrize("field", ["images", "categories"])
def test_ids_that_occur_twice_are_named(tmp_path, person, field):
    content = coco([person], num_images=2)
    content[field].append(content[field][0])
    with pytest.raises(AnnotationFileError, match=rf"other\.json: .*{SAME_ID[field]}"):
        GroundTruth.load(write(tmp_path / "other.json", content))


def test_a_file_that_is_no_text_is_named(tmp_path):
    (tmp_path / "image.png").write_bytes(b"\x89PNG\r\n\x1a\n" + bytes(range(256)))
    with pytest.raises(AnnotationFileError, match=r"image\.png: not JSON"):
        GroundTruth.load(tmp_path / "image.png")


def test_people_are_the_only_category(tmp_path, person):
    content = coco([person, person | {"id": 8, "category_id": 0}], num_images=1)
    content["categories"] = [{"id": 0, "name": "people"}, {"id": 1, "name": "person"}]
    ground_truth = GroundTruth.load(write(tmp_path / "val.json", content))
    assert ground_truth.categories == {1: 0} and ground_truth.other_categories == {0}
    assert ground_truth[1].annotation_id.tolist() == [7]
    assert 1 in ground_truth and 2 not in ground_truth


def test_a_truncated_file_is_named(tmp_path):
    (tmp_path / "cut.json").write_text('{"images": [')
    with pytest.raises(AnnotationFileError, match=r"cut\.json: not JSON"):
        GroundTruth.load(tmp_path / "cut.json")


def test_an_unknown_image_is_named(tmp_path, person):
    with pytest.raises(AnnotationFileError, match=r"val\.json: no image with id 5"):
        load(tmp_path, person)[5]


def test_a_data_set_without_an_annotation_file_is_named():
    with pytest.raises(AnnotationFileError, match="'evaluation_test_nowhere'.*'json_file'"):
        GroundTruth.of_dataset("evaluation_test_nowhere")


def test_the_true_chart_is_the_labelled_one_unless_another_is_given(tmp_path, person):
    slipped = person | {"id": 8, "dp_I_true": [5] * 12}
    image = load(tmp_path, person, slipped)[1]
    np.testing.assert_array_equal(image.part_true, [*person["dp_I"], *[5] * 12])


def test_a_true_chart_that_is_none_is_not_used(tmp_path, person):
    person["dp_I_true"] = [25] * 12
    image = load(tmp_path, person)[1]
    np.testing.assert_array_equal(image.part_true, person["dp_I"])
