import math

import pytest

from lab.experiments.report.noise import (
    ablation,
    calibration_tables,
    error_table,
    likelihood_tables,
    settings_table,
)
from lab.experiments.report.placement import accuracy_tables
from tests.lab.experiments.invented_rows import CELLS, value
from tests.lab.experiments.report.tables import read_tables

NATS = {"mse": 1.0, "iid_iso": 1.5, "indep_aniso": 1.4, "full": 2.5}


def set_nats(row):
    own = NATS[row["model"]] + 0.01 * row["seed"]
    return {
        "nats_per_point_own": own,
        "nats_per_point_tempered": own,
        "nats_per_point_posthoc_tempered": own + 0.3,
    }


def test_the_ablation_is_checked_pair_by_pair_and_seed_by_seed(altered):
    lines = ablation(altered({"shared": tuple(NATS)}, set_nats), "shared")
    assert lines[:3] == [
        "- `mse` < `iid_iso`, own: in 3 of 3 seeds, by **+0.500 ± 0.000** nats",
        "- `iid_iso` < `indep_aniso`, own: in 0 of 3 seeds, by **-0.100 ± 0.000** nats",
        "- `indep_aniso` < `full`, own: in 3 of 3 seeds, by **+1.100 ± 0.000** nats",
    ]
    assert "`iid_iso`: 1.820 ± 0.010; `full` as it was trained: 2.520 ± 0.010" in lines[-1]


def test_models_that_were_not_trained_are_left_out_of_the_ablation(altered):
    lines = ablation(altered({"iid": ("mse", "full")}, set_nats), "iid")
    assert lines[0].startswith("- `mse` < `full`, own: in 3 of 3")
    assert len(ablation(altered({"iid": ("full",)}, set_nats), "iid")) == 0


def mean(metric, world, model):
    return sum(value(metric, world, model, seed, 2000) for seed in (1, 2, 3)) / 3


@pytest.mark.parametrize(
    ("make", "above", "column", "metric", "factor"),
    [
        (likelihood_tables, "`annotator`, joint nats per point of the noisy labels",
         "fitted factors", "nats_per_point_tempered", 1),
        (accuracy_tables,
         "`annotator`, against the noisy labels, in the predicted part (% of points)",
         "part right", "part_accuracy_labels", 1),
        (calibration_tables,
         "`annotator`, covariances: own; noisy labels inside regions of 50, 90 and 95 % (%)",
         "part mean 90", "coverage_part_mean_90_own", 1),
        (calibration_tables, "Shared variance, and factors fitted to held-out labels",
         "predicted shared variance (10⁻³ uv²)", "shared_variance_uv2", 1000),
        (error_table,
         "Root mean squares in chart units, per direction in the first four columns of numbers",
         "group means, truth", "group_error_uv_truth", 1),
    ],
)  # fmt: skip
def test_tables_hold_means_of_fully_trained_models(results, make, above, column, metric, factor):
    rows = dict(read_tables(make(results)))[above][: len(CELLS["annotator"])]
    assert [row["model"] for row in rows] == list(CELLS["annotator"])
    for row in rows:
        expected = factor * mean(metric, "annotator", row["model"])
        text = row[column].split(" ± ")[0]
        if math.isnan(expected):
            assert text == "–"
            continue
        digits = len(text.split(".")[1])
        assert float(text) == pytest.approx(expected, abs=0.51 * 10**-digits)
        assert row["seeds"] == "3"


def test_settings(altered):
    def change(row):
        return {"anchor": "0.2"} if row["seed"] == 2 else {}

    ((_, (row,)),) = read_tables(settings_table(altered({"iid": ("full",)}, change)))
    assert row["seeds"] == "1, 2, 3"
    assert (row["steps"], row["test points"]) == ("2000", "1234")
    assert (row["weight of UV loss"], row["anchor"]) == ("0.5", "0.1, 0.2")
    assert row["minutes a cell"] == "3.3 ± 0.0"
