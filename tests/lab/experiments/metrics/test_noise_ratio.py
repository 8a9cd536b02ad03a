import math

import pytest

from lab.experiments.metrics.noise_ratio import PART_GROUPS, noise_ratio_metrics
from lab.experiments.metrics.placement import placement_metrics
from tests.lab.experiments.metrics.drawn_outcome import draw_outcome
from uncertain_densepose.surface import PART_NAMES


def plain_rms(a, b, chosen):
    squares = [math.dist(a[i].tolist(), b[i].tolist()) ** 2 for i in chosen]
    return math.sqrt(sum(squares) / len(squares))


def test_equals_a_plain_loop_over_all_points_and_over_limbs(flat_distance):
    outcome = draw_outcome()
    found = noise_ratio_metrics(outcome, flat_distance)
    right = [i for i in range(len(outcome)) if outcome.part[i] == outcome.part_true[i]]
    limbs = {name: [i for i in right if limb_of(outcome.part[i]) == name] for name in PART_GROUPS}
    for name, chosen in {"": right, **limbs}.items():
        key = f"noise_to_error-{name}" if name else "noise_to_error"
        if not chosen:
            assert math.isnan(found[key])
            continue
        noise = plain_rms(outcome.uv_label, outcome.uv_true, chosen)
        error = plain_rms(outcome.points.mean_uv, outcome.uv_true, chosen)
        assert found[key] == pytest.approx(noise / error)
    assert found["noise_rms_uv"] == pytest.approx(
        plain_rms(outcome.uv_label, outcome.uv_true, right)
    )
    assert found["wrong_label_part"] == pytest.approx(100 * (1 - len(right) / len(outcome)))


def limb_of(part):
    """By its name: "upper leg back right" is one of the upper legs."""
    return next(limb for limb in PART_GROUPS if limb.rstrip("s") in PART_NAMES[part])


def test_accuracy_of_limbs_adds_up_to_that_of_the_body(flat_distance):
    outcome = draw_outcome()
    found = noise_ratio_metrics(outcome, flat_distance)
    right = [p for p, ok in zip(outcome.part, outcome.part_is_true, strict=True) if ok]
    counts = {name: sum(limb_of(p) == name for p in right) for name in PART_GROUPS}
    total = sum(found[f"AUC10_truth_given-{n}"] * count for n, count in counts.items() if count)
    whole = placement_metrics(outcome, flat_distance)["AUC10_truth_given"]
    assert total / len(right) == pytest.approx(whole)
