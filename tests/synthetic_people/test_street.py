"""People as photographed: from portraits to crowds, children, small people; labelled rightly."""

import dataclasses

import numpy as np
import pytest
from pycocotools import mask as coco_mask

from synthetic_people.image import synthesise
from synthetic_people.pose import STANCES, USUAL_STANCES
from synthetic_people.presets import PRESETS
from synthetic_people.scene_kind import SceneKind, Street
from synthetic_people.shape import sample_child_phenotypes, sample_phenotypes
from synthetic_people.shots import SHOTS, aim

WIDTH, HEIGHT = 160, 128


def kind(shot, **changes):
    street = dataclasses.replace(Street(things_share=0.0), shots=((shot, 1.0),), **changes)
    return SceneKind(stances=("stand", "walk"), street=street)


def pictures(person_maker, shot, count=6, **changes):
    return [
        synthesise(
            np.random.default_rng(seed), person_maker, kind(shot, **changes), width=WIDTH,
            height=HEIGHT,
        )
        for seed in range(count)
    ]  # fmt: skip


@pytest.fixture(scope="module")
def far(person_maker):
    return pictures(person_maker, "far", least_height_px=30.0)


@pytest.fixture(scope="module")
def crowds(person_maker):
    return pictures(person_maker, "crowd")


def test_far_people_are_small(far):
    heights = [person["bbox"][3] for image in far for person in image.annotations]
    assert min(heights) < 45 and np.median(heights) < 0.55 * HEIGHT


def test_crowds_have_company_up_to_the_most(crowds):
    counts = [len(image.annotations) for image in crowds]
    assert max(counts) >= 4 and max(counts) <= Street().most_people


def test_keypoints_of_small_and_crowded_people_lie_in_their_boxes(far, crowds):
    """Visible ones of whole people; a pixel is the tolerance."""
    seen = 0
    for person in (person for image in far + crowds for person in image.annotations):
        x, y, width, height = person["bbox"]
        for kx, ky, flag in np.reshape(person["keypoints"], (17, 3)):
            if flag == 2:
                assert x - 1.5 <= kx + 0.5 <= x + width + 1.5
                assert y - 1.5 <= ky + 0.5 <= y + height + 1.5
                seen += 1
    assert seen > 150


def test_visible_joints_are_on_or_beside_the_mask(far, crowds):
    beside = []
    for person in (person for image in far + crowds for person in image.annotations):
        mask = coco_mask.decode(person["segmentation"])
        padded = np.pad(mask, 2)
        for kx, ky, flag in np.reshape(person["keypoints"], (17, 3)):
            if flag == 2:
                row, column = int(ky + 0.5), int(kx + 0.5)
                beside.append(padded[row : row + 5, column : column + 5].any())
    assert np.mean(beside) > 0.98


def test_dense_labels_of_small_people_are_inside_their_masks(far):
    points = 0
    for person in (person for image in far for person in image.annotations if "dp_I" in person):
        mask = coco_mask.decode(person["segmentation"])
        x, y, width, height = person["bbox"]
        columns = np.floor(x + np.array(person["dp_x"]) / 255 * width).astype(int)
        rows = np.floor(y + np.array(person["dp_y"]) / 255 * height).astype(int)
        assert mask[rows, columns].all()
        points += len(rows)
    assert points > 50


def test_portraits_and_half_bodies_are_cut(person_maker):
    """The head is shown; feet only if the camera looks down steeply."""
    rng = np.random.default_rng(0)
    cut = []
    for name in ("portrait", "half"):
        for _ in range(6):
            person = person_maker.sample(rng, ["stand"])
            camera = aim(
                rng, person, SHOTS[name], focal_mm=(20, 200), least_share=0.1, width=WIDTH,
                height=HEIGHT,
            )  # fmt: skip
            rows = camera.project(person.keypoints)[:, 1]
            assert 0 < rows[0] < HEIGHT
            cut.append(rows[15:].max() > HEIGHT)
    assert np.mean(cut) > 0.8


def test_lenses_stay_between_the_shortest_and_the_longest(person_maker):
    rng = np.random.default_rng(0)
    person = person_maker.sample(rng, ["stand"])
    focal_mm = [
        aim(
            rng, person, SHOTS["whole"], focal_mm=(20.0, 200.0), least_share=0.1, width=WIDTH,
            height=HEIGHT,
        ).K[0, 0] * 36 / WIDTH
        for _ in range(300)
    ]  # fmt: skip
    assert min(focal_mm) >= 20 - 1e-9 and max(focal_mm) <= 200 + 1e-9
    assert min(focal_mm) < 24 and max(focal_mm) > 100


def test_children_are_small(person_maker):
    rng = np.random.default_rng(0)
    statures = [
        person_maker.sample(rng, ["stand"], sample_child_phenotypes(rng)).stature_m
        for _ in range(12)
    ]
    assert 0.7 < min(statures) < 1.2 and max(statures) < 1.65


def test_children_are_within_the_body_models_range(person_maker):
    rng = np.random.default_rng(0)
    ranges = person_maker.body.phenotype_ranges
    children = [sample_child_phenotypes(rng) for _ in range(200)]
    assert children[0].keys() == sample_phenotypes(rng).keys()
    for label in children[0]:
        values = [child[label] for child in children]
        assert ranges[label][0] <= min(values) and max(values) <= ranges[label][1]


@pytest.mark.parametrize("stance", [name for name in STANCES if name not in USUAL_STANCES])
def test_low_stances_bring_the_head_down_without_sinking_limbs(person_maker, stance):
    rng = np.random.default_rng(4)
    people = [person_maker.sample(rng, [stance]) for _ in range(5)]
    heads = [person.keypoints[:5, 2].mean() / person.stature_m for person in people]
    assert 0.25 < min(heads) and max(heads) < 0.86
    assert np.median([person.penetration_m for person in people]) < 0.03


def test_the_preset_shows_all_stances_and_the_others_only_theirs():
    assert PRESETS["street"].scene.stances == tuple(STANCES)
    assert SceneKind().stances == USUAL_STANCES
    assert all(PRESETS[name].scene.street is None for name in ("tiny", "demo", "bench", "upright"))
