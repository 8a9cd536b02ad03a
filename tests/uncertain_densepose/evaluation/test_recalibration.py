import json

import numpy as np
import pytest
import torch

from tests.uncertain_densepose.evaluation.drawn_points import FIELDS, draw, scaled
from uncertain_densepose.evaluation.points.calibration import ellipse_coverage, mahalanobis_squared
from uncertain_densepose.evaluation.points.readings import noise_model
from uncertain_densepose.evaluation.recalibration import (
    MIN_POINTS_PER_PART,
    MahalanobisTotals,
    Recalibration,
    RecalibrationError,
    RecalibrationFileError,
    fit_per_part,
    fit_scalar,
)
from uncertain_densepose.structures import PointPredictions


def totals_of(points, target):
    distance = mahalanobis_squared(target - points.mean_uv, points.covariance())
    return MahalanobisTotals.of(points.part, distance)


@pytest.mark.parametrize("model", FIELDS)
def test_a_variance_that_is_four_times_too_small_gets_the_factor_four(model):
    points, target, _ = draw(model, 60_000)
    narrow = scaled(points, 1 / 4)
    recalibration = fit_scalar(totals_of(narrow, target))
    assert recalibration.variance_scale == pytest.approx(4, rel=0.03)
    assert recalibration.part_variance_scale == {}
    mended = recalibration.apply(narrow)
    distance = mahalanobis_squared(target - mended.mean_uv, mended.covariance())
    assert ellipse_coverage(distance).tolist() == pytest.approx([0.5, 0.9, 0.95], abs=0.01)


@pytest.mark.parametrize("model", ["iid_iso", "indep_aniso"])
def test_the_factor_is_the_most_likely_one(model):
    points, target, group = draw(model, 500)
    fitted = fit_scalar(totals_of(points, target)).variance_scale

    def nats(scale):
        return noise_model(scaled(points, scale), group).log_prob(target).sum().item()

    grid = fitted * np.linspace(0.5, 2, 301)
    best = grid[np.argmax([nats(scale) for scale in grid])]
    assert best == pytest.approx(fitted, rel=0.01)
    assert nats(fitted) >= max(nats(scale) for scale in grid) - 1e-3


def test_each_part_gets_its_own_factor():
    points, target, _ = draw("full", 60_000)
    too_small = 1 + points.part % 3
    narrow = PointPredictions(
        points.part,
        points.mean_uv,
        points.variance / too_small,
        points.direction / too_small[:, None].sqrt(),
        points.shared_covariance / too_small[:, None, None],
    )
    recalibration = fit_per_part(totals_of(narrow, target))
    found = recalibration.part_variance_scale
    assert sorted(found) == list(range(1, 25))
    assert [found[p] for p in range(1, 25)] == pytest.approx(
        [1 + p % 3 for p in range(1, 25)], rel=0.15
    )
    torch.testing.assert_close(
        recalibration.apply(narrow).covariance(), points.covariance(), rtol=0.15, atol=1e-6
    )


def test_parts_with_few_points_share_the_factor_of_all():
    part = torch.tensor([3] * MIN_POINTS_PER_PART + [7] * 5)
    distance = torch.tensor([2.0] * MIN_POINTS_PER_PART + [40.0] * 5)
    recalibration = fit_per_part(MahalanobisTotals.of(part, distance))
    assert recalibration.part_variance_scale == {3: 1.0}
    overall = distance.mean().item() / 2
    assert recalibration.variance_scale == pytest.approx(overall)
    scale = recalibration.of_part(torch.tensor([3, 7, 0, 24]))
    assert scale.tolist() == pytest.approx([1, overall, overall, overall])


def test_totals_of_two_sets_add_up_to_those_of_both():
    points, target, _ = draw("full", 600)
    distance = mahalanobis_squared(target - points.mean_uv, points.covariance())
    halves = [MahalanobisTotals.of(points.part[k::2], distance[k::2]) for k in (0, 1)]
    whole = MahalanobisTotals.of(points.part, distance)
    split = sum(halves, MahalanobisTotals())
    np.testing.assert_allclose(split.total, whole.total)
    np.testing.assert_array_equal(split.num_points, whole.num_points)
    for part in range(25):
        expected = distance[points.part == part].sum()
        assert whole.total[part] == pytest.approx(expected.item())


@pytest.mark.parametrize("model", ["full", "full_similarity"])
def test_the_means_and_the_chart_stay(model):
    points, _, _ = draw(model, 40)
    mended = Recalibration(2.5, {int(points.part[0]): 0.1}).apply(points)
    assert mended.mean_uv is points.mean_uv and mended.part is points.part
    scale = torch.where(points.part == points.part[0], 0.1, 2.5).double()
    torch.testing.assert_close(mended.covariance(), scale[:, None, None] * points.covariance())


def test_nothing_to_fit_or_to_scale():
    with pytest.raises(RecalibrationError, match="no points"):
        fit_per_part(MahalanobisTotals())
    for distance in (torch.zeros(3), torch.tensor([1.0, torch.nan])):
        totals = MahalanobisTotals.of(torch.ones(len(distance), dtype=torch.int64), distance)
        with pytest.raises(RecalibrationError, match="no factor can correct"):
            fit_scalar(totals)
    bare = PointPredictions(torch.ones(2, dtype=torch.int64), torch.zeros(2, 2))
    with pytest.raises(RecalibrationError, match="no variance"):
        Recalibration(2.0).apply(bare)


def test_a_file_is_plain_json_and_holds_everything(tmp_path):
    path = tmp_path / "model.recalibration.json"
    written = Recalibration(1.25, {1: 0.5, 24: 3.0}, {"dataset": "val", "num_points": 7})
    written.save(path)
    assert json.loads(path.read_text()) == {
        "variance_scale": 1.25,
        "part_variance_scale": {"1": 0.5, "24": 3.0},
        "origin": {"dataset": "val", "num_points": 7},
    }
    assert Recalibration.load(path) == written
    assert Recalibration.named(str(path)) == written
    assert Recalibration.named("") is None


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (None, "no such file"),
        ("{", "not json"),
        ("[]", "must hold an object"),
        ("{}", "'variance_scale' must be above 0, not None"),
        ('{"variance_scale": true}', "'variance_scale' must be above 0, not True"),
        ('{"variance_scale": NaN}', "'variance_scale' must be above 0, not nan"),
        ('{"variance_scale": 1, "part_variance_scale": [1]}', "'part_variance_scale' must be an"),
        ('{"variance_scale": 1, "part_variance_scale": {"25": 1}}', "part '25' is not in 1..24"),
        ('{"variance_scale": 1, "part_variance_scale": {"3": -2}}', "part_variance_scale.3"),
        ('{"variance_scale": 1, "origin": 3}', "'origin' must be an object"),
    ],
)
def test_a_bad_file_is_named_with_its_field(tmp_path, content, message):
    path = tmp_path / "bad.json"
    if content is not None:
        path.write_text(content)
    with pytest.raises(RecalibrationFileError, match=f"bad.json.*{message}"):
        Recalibration.load(path)
