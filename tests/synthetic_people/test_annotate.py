"""What an annotation says is what the picture shows."""

import dataclasses

import numpy as np
import pytest
from pycocotools import mask as coco_mask

from synthetic_people.annotate import annotate_person
from synthetic_people.image import synthesise
from synthetic_people.noise import LabelNoiseModel
from synthetic_people.render import Renderer
from synthetic_people.sampling_points import MAX_POINTS_PER_PART, choose_points
from synthetic_people.scene import sample_scene
from synthetic_people.scene_kind import SceneKind
from uncertain_densepose.surface import FINE_TO_COARSE, ChartLookup

SEEDS = (7, 12)


@pytest.fixture(scope="module", params=SEEDS)
def annotated(request, person_maker):
    """A scene, what its pixels show, and its annotations."""
    rng = np.random.default_rng(request.param)
    scene = sample_scene(rng, person_maker, SceneKind(), width=224, height=256)
    renderer = Renderer(scene, person_maker.mesh)
    seen = renderer.correspondences()
    annotations = {
        index: annotate_person(
            index, scene, person_maker.mesh, renderer.caster, seen, 0.5, True, LabelNoiseModel(),
            np.random.default_rng(1),
        )
        for index in np.unique(seen.person[seen.person >= 0])
    }  # fmt: skip
    return scene, seen, annotations


def point_pixels(annotation):
    x, y, width, height = annotation["bbox"]
    column = x + np.array(annotation["dp_x"]) / 255 * width - 0.5
    row = y + np.array(annotation["dp_y"]) / 255 * height - 0.5
    return row, column


def test_boxes_and_masks_hold_the_visible_pixels(annotated):
    _, seen, annotations = annotated
    for index, annotation in annotations.items():
        mask = coco_mask.decode(annotation["segmentation"]).astype(bool)
        np.testing.assert_array_equal(mask, seen.person == index)
        np.testing.assert_array_equal(
            annotation["bbox"], coco_mask.toBbox(annotation["segmentation"])
        )
        assert annotation["area"] == mask.sum()


def test_points_are_pixels_of_the_person_with_their_part(annotated, person_maker):
    _, seen, annotations = annotated
    for index, annotation in annotations.items():
        row, column = point_pixels(annotation)
        np.testing.assert_allclose(row, row.round(), atol=1e-2)
        np.testing.assert_allclose(column, column.round(), atol=1e-2)
        at = row.round().astype(int), column.round().astype(int)
        assert (seen.person[at] == index).all()
        np.testing.assert_array_equal(
            annotation["dp_I"], person_maker.mesh.face_part[seen.face[at]]
        )
        assert np.bincount(annotation["dp_I"]).max() <= MAX_POINTS_PER_PART


def test_points_lie_in_the_mask_of_their_coarse_part(annotated):
    _, _, annotations = annotated
    inside = []
    for annotation in annotations.values():
        masks = [coco_mask.decode(m) if m else None for m in annotation["dp_masks"]]
        assert len(masks) == 14
        for x, y, part in zip(
            annotation["dp_x"], annotation["dp_y"], annotation["dp_I"], strict=True
        ):
            mask = masks[FINE_TO_COARSE[part] - 1]
            inside.append(mask[int(y / 255 * 256), int(x / 255 * 256)])
    assert np.mean(inside) == 1


def test_the_truth_leads_back_to_the_pixel(annotated, person_maker, embedded_surface):
    """Chart coordinates -> face of the surface -> point on the posed person -> pixel."""
    scene, _, annotations = annotated
    lookup = ChartLookup(embedded_surface, resolution=256)
    errors = []
    for index, annotation in annotations.items():
        part = np.array(annotation["dp_I"])
        uv = np.stack([annotation["dp_U_true"], annotation["dp_V_true"]], axis=1)
        face = lookup.face(part, uv)
        assert (embedded_surface.face_part[face] == part).all()
        points = scene.people[index].vertices[embedded_surface.faces[face]].mean(axis=1)
        row, column = point_pixels(annotation)
        pixels = scene.camera.project(points) - 0.5
        errors.append(np.linalg.norm(pixels - np.stack([column, row], axis=1), axis=1))
    errors = np.concatenate(errors)
    # A face and a cell of the lookup are about a centimetre wide, here one or two pixels.
    assert np.median(errors) < 1 and np.percentile(errors, 98) < 4


def test_labels_are_the_truth_plus_noise_within_the_charts(annotated):
    _, _, annotations = annotated
    for annotation in annotations.values():
        part = np.array(annotation["dp_I"])
        labels = np.array([annotation["dp_U"], annotation["dp_V"]]).T
        truth = np.array([annotation["dp_U_true"], annotation["dp_V_true"]]).T
        assert labels.min() >= 0 and labels.max() <= 1
        noise = {key: np.array(value) for key, value in annotation["dp_noise"].items()}
        variance = noise["variance"] + (noise["direction"] ** 2).sum(axis=1)
        rest = labels - truth - noise["shared_offset"]
        inside = ((labels > 0) & (labels < 1)).all(axis=1)
        assert inside.mean() > 0.9
        # 6 standard deviations of what each point has for itself.
        assert (np.abs(rest[inside]).max(axis=1) < 6 * np.sqrt(variance[inside])).all()
        for number in np.unique(part):
            offset = noise["shared_offset"][part == number]
            assert (offset == offset[0]).all()


def test_keypoints_have_their_depth(annotated):
    scene, _, annotations = annotated
    camera = scene.camera
    for annotation in annotations.values():
        in_camera = np.array(annotation["keypoints_camera_m"])
        flat = np.array(annotation["keypoints"]).reshape(17, 3)
        image = in_camera @ camera.K.T
        pixels = image[:, :2] / image[:, 2:] - 0.5
        labelled = flat[:, 2] > 0
        assert annotation["num_keypoints"] == labelled.sum() > 0
        np.testing.assert_allclose(flat[labelled, :2], pixels[labelled], atol=0.1)
        assert (in_camera[labelled, 2] > 0).all()
        assert (flat[~labelled] == 0).all()


def test_somebody_invisible_cannot_be_annotated(annotated, person_maker):
    scene, seen, _ = annotated
    larger = dataclasses.replace(scene, people=(*scene.people, scene.people[0]))
    with pytest.raises(ValueError, match="not visible"):
        annotate_person(
            len(scene.people), larger, person_maker.mesh, None, seen, 0.5, True,
            LabelNoiseModel(), np.random.default_rng(0),
        )  # fmt: skip


def test_points_spread_over_a_part_and_follow_its_area():
    part = np.zeros((60, 60), int)
    part[:40, :40] = 1
    part[45:55, :40] = 2
    part[:2, 50:52] = 3
    row, column = choose_points(part, part > 0, np.random.default_rng(0))
    numbers = np.bincount(part[row, column], minlength=4)
    assert numbers[1] == MAX_POINTS_PER_PART > numbers[3] == 0
    assert 2 <= numbers[2] <= MAX_POINTS_PER_PART
    big = part[row, column] == 1
    apart = np.hypot(*(np.subtract.outer(v[big], v[big]) for v in (row, column)))
    assert apart[~np.eye(len(apart), dtype=bool)].min() >= 3


def test_no_eligible_pixels_give_no_points():
    part = np.ones((20, 20), int)
    row, column = choose_points(part, np.zeros((20, 20), bool), np.random.default_rng(0))
    assert len(row) == len(column) == 0


def test_a_share_of_people_has_no_dense_labels(person_maker, monkeypatch):
    monkeypatch.setattr("synthetic_people.image.DENSE_SHARE", 0.5)
    people = []
    for seed in range(5):
        image = synthesise(
            np.random.default_rng(seed), person_maker, SceneKind(), width=96, height=96
        )
        people += image.annotations
    sparse = [annotation for annotation in people if "dp_I" not in annotation]
    assert 0 < len(sparse) < len(people)
    assert not any(key.startswith("dp_") for annotation in sparse for key in annotation)
