"""Half of a group's scale is visible, half is the annotator's."""

import json

import numpy as np
import pytest

from synthetic_people.noise import FEATURE_NAMES, LabelNoiseModel
from synthetic_people.worlds.scales import (
    DIFFICULTY_MEAN,
    DIFFICULTY_SD,
    GroupScales,
    typical_sigma_uv,
    visible_difficulty,
)

PEOPLE = 4000


@pytest.fixture(scope="module")
def hidden():
    """(PEOPLE, 25) factors, and (PEOPLE,) annotators."""
    drawn = [GroupScales().hidden(person, seed=0) for person in range(PEOPLE)]
    return np.array([h for h, _ in drawn]), np.array([annotator for _, annotator in drawn])


def test_the_difficulty_is_the_score_of_the_rendered_noise_without_the_part():
    rng = np.random.default_rng(0)
    model, part = LabelNoiseModel(), np.arange(1, 25)
    features = rng.uniform(0, 1, size=(24, len(FEATURE_NAMES)))
    noise = model.parameters(part, np.full((24, 2), 0.5), features)
    expected = features @ np.array(model.shift.weights)
    np.testing.assert_allclose(visible_difficulty(part, noise.shared_variance), expected)


def test_rounded_values_at_the_ends_of_the_range_have_a_difficulty():
    model, part = LabelNoiseModel(), np.array([1, 1])
    ends = np.array([model.shift.low, model.shift.high]) ** 2
    assert np.isfinite(visible_difficulty(part, ends)).all()


def test_the_typical_scale_is_that_of_the_mean_difficulty():
    part = np.arange(1, 25)
    difficulty = visible_difficulty(part, typical_sigma_uv()[1:] ** 2)
    np.testing.assert_allclose(difficulty, DIFFICULTY_MEAN)
    np.testing.assert_allclose(GroupScales().visible(difficulty), 1)


def test_both_halves_have_the_same_variance(hidden):
    scales = GroupScales()
    rng = np.random.default_rng(1)
    visible = scales.visible(DIFFICULTY_MEAN + DIFFICULTY_SD * rng.normal(size=100_000))
    # 1.2 % of normal variables are clipped at 2.5 standard deviations.
    assert np.log(visible).std() == pytest.approx(scales.log_sd, rel=0.02)
    assert np.log(hidden[0]).std() == pytest.approx(scales.log_sd, rel=0.02)


def test_the_hidden_factor_has_mean_square_one(hidden):
    assert (hidden[0] ** 2).mean() == pytest.approx(1, rel=0.03)


def test_half_of_the_hidden_variance_is_the_annotators(hidden):
    scales, (factors, annotator) = GroupScales(), hidden
    assert set(annotator) == set(range(scales.num_annotators))
    by_annotator = [np.log(factors[annotator == k]).mean() for k in range(scales.num_annotators)]
    expected = scales.annotator_log_scale()
    assert expected.mean() == pytest.approx(0, abs=1e-12)
    assert expected.var() == pytest.approx(scales.log_sd**2 / 2)
    np.testing.assert_allclose(by_annotator - np.mean(by_annotator), expected, atol=0.02)


def test_groups_of_a_person_differ_and_seeds_differ():
    scales = GroupScales()
    one, _ = scales.hidden(7, seed=0)
    assert len(np.unique(one)) == 25
    np.testing.assert_array_equal(one, scales.hidden(7, seed=0)[0])
    assert (one != scales.hidden(7, seed=1)[0]).all()


def test_the_constants_are_those_of_rendered_people(tiny_data_root):
    content = json.loads((tiny_data_root / "synth_people_tiny/train.json").read_bytes())
    difficulty = []
    for annotation in content["annotations"]:
        if annotation.get("dp_I"):
            part, first = np.unique(annotation["dp_I"], return_index=True)
            variance = np.array(annotation["dp_noise"]["shared_variance"])[first]
            difficulty += visible_difficulty(part, variance).tolist()
    # Groups of a picture are alike, and there are few pictures.
    assert np.mean(difficulty) == pytest.approx(DIFFICULTY_MEAN, abs=0.3)
    assert np.std(difficulty) == pytest.approx(DIFFICULTY_SD, rel=0.3)
