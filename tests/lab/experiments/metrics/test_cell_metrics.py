import math

import pytest

from lab.experiments.metrics.cell_metrics import cell_metrics
from tests.lab.experiments.metrics.drawn_outcome import FIELDS, draw_outcome


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("model", FIELDS)
def test_every_model_has_the_same_names(model, flat_distance):
    metrics = cell_metrics(draw_outcome(model), draw_outcome(model, seed=1), flat_distance)
    other = cell_metrics(draw_outcome("full"), draw_outcome("full", seed=1), flat_distance)
    assert list(metrics) == list(other)
    assert all(isinstance(value, (int, float)) for value in metrics.values())
    # What does not apply to a model: readings that it lacks, limbs without points, shared errors.
    missing = {name for name, value in metrics.items() if math.isnan(value)}
    assert all("_as_" in n or "-" in n or "shared" in n for n in missing)


def test_held_out_labels_are_those_of_the_other_outcome(flat_distance):
    outcome, fit = draw_outcome("mse"), draw_outcome("mse", seed=1)
    metrics = cell_metrics(outcome, fit, flat_distance)
    held_out = (fit.uv_label - fit.points.mean_uv).square().mean().item()
    assert metrics["global_variance_uv2"] == pytest.approx(held_out)
    assert metrics["nats_per_point_own"] == pytest.approx(
        metrics["nats_per_point_as_global_variance"]
    )


def test_correlation_pays_where_labels_share_errors(flat_distance):
    full, aniso = (
        cell_metrics(draw_outcome(m, 60), draw_outcome(m, 60, seed=1), flat_distance)
        for m in ("full", "indep_aniso")
    )
    assert full["nats_per_point_own"] > aniso["nats_per_point_posthoc_tempered"]
    assert aniso["nats_per_point_posthoc_tempered"] > aniso["nats_per_point_tempered"]
