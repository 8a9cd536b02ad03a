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


def test_points_outside_the_box_are_read(tmp_path, person):
    person["dp_x"][0] = 400.0
    assert load(tmp_path, person)[1].xy[0, 0] == pytest.approx(90.0)


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
        ("dp_V_true", [0.5] * 12),
        ("bbox", [1, 2, 3]),
        ("bbox", [1, 2, -3, 4]),
        ("area", None),
        ("category_id", 5),
        ("segmentation", None),
        ("segmentation", [[1, 2, 3]]),
        ("segmentation", {"size": [10, 10], "counts": "abc"}),
        ("image_id", 99),
        ("dp_masks", [[]] * 13),
        ("keypoints", [1, 1, 3] * 17),
    ],
)
def test_a_malformed_annotation_is_named(tmp_path, person, field, value):
    complaint = {"dp_V_true": "dp_U_true"}.get(field, field)
    with pytest.raises(AnnotationFileError, match=rf"val\.json: annotation 7: .*'{complaint}'"):
        load(tmp_path, person | {field: value})


def test_a_missing_list_of_coordinates_is_named(tmp_path, person):
    del person["dp_V"]
    with pytest.raises(AnnotationFileError, match=r"annotation 7: field 'dp_V' is missing"):
        load(tmp_path, person)


def test_annotation_ids_may_occur_twice_as_in_minival(tmp_path, person):
    truth = load(tmp_path, person, person, person | {"image_id": 2})
    assert [image.num_people for image in truth] == [2, 1]


@pytest.mark.parametrize(
    "content", [[], {"images": []}, {"annotations": [{"id": 3}]}, {"images": 1, "annotations": []}]
)
def test_a_file_in_another_format_is_named(tmp_path, content):
    with pytest.raises(AnnotationFileError, match=r"other\.json: not .* COCO's format"):
        GroundTruth.load(write(tmp_path / "other.json", content))


@pytest.mark.parametrize("field", ["images", "categories"])
def test_ids_that_occur_twice_are_named(tmp_path, person, field):
    content = coco([person], num_images=2)
    content[field].append(content[field][0])
    with pytest.raises(AnnotationFileError, match=rf"other\.json: field '{field}'.*twice"):
        GroundTruth.load(write(tmp_path / "other.json", content))


def test_a_file_that_is_no_text_is_named(tmp_path):
    (tmp_path / "image.png").write_bytes(b"\x89PNG\r\n\x1a\n" + bytes(range(256)))
    with pytest.raises(AnnotationFileError, match=r"image\.png: not .* COCO's format"):
        GroundTruth.load(tmp_path / "image.png")


def test_categories_are_numbered_in_the_order_of_their_ids(tmp_path, person):
    content = coco([person], num_images=1)
    content["categories"] = [{"id": 7, "name": "b"}, {"id": 1, "name": "person"}]
    ground_truth = GroundTruth.load(write(tmp_path / "val.json", content))
    assert ground_truth.categories == {1: 0, 7: 1}
    assert 1 in ground_truth and 2 not in ground_truth


def test_a_truncated_file_is_named(tmp_path):
    (tmp_path / "cut.json").write_text('{"images": [')
    with pytest.raises(AnnotationFileError, match=r"cut\.json: not .* COCO's format"):
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


def test_a_true_chart_that_is_none_is_refused(tmp_path, person):
    person["dp_I_true"] = [25] * 12
    with pytest.raises(AnnotationFileError, match="annotation 7: .*dp_I_true.*25"):
        load(tmp_path, person)
