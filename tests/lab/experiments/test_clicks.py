import pytest
import torch

from lab.experiments import clicks
from lab.experiments.clicks import click_rows
from tests.lab.experiments.metrics.drawn_outcome import draw_outcome
from uncertain_densepose.inference.clicks_curve import clicks_curve

NUM_CLICKS = (0, 1, 2)


@pytest.fixture(autouse=True)
def few_clicks(monkeypatch):
    monkeypatch.setattr(clicks, "NUM_CLICKS", NUM_CLICKS)


def test_labels_are_clicked_and_compared_with_labels():
    outcome = draw_outcome("full")
    rows = click_rows(outcome, seed=3)
    curve = clicks_curve(
        outcome.points,
        outcome.uv_label,
        outcome.group,
        NUM_CLICKS,
        torch.Generator().manual_seed(3),
    )
    assert [row["clicks"] for row in rows] == list(NUM_CLICKS)
    assert [row["error_uv_labels"] for row in rows] == curve.mean_error_uv.tolist()
    assert all(row["num_points_labels"] == len(curve.point) for row in rows)
    assert rows[2]["error_uv_labels"] < rows[0]["error_uv_labels"]


def test_the_truth_is_asked_where_the_labelled_part_is_right():
    outcome = draw_outcome("full")
    assert not outcome.part_is_true.all()
    rows = click_rows(outcome, seed=3)
    assert rows[0]["num_points_truth"] < rows[0]["num_points_labels"]


def test_clicks_move_no_independent_point():
    rows = click_rows(draw_outcome("indep_aniso"), seed=3)
    for reference in ("labels", "truth"):
        first, *others = (row[f"error_uv_{reference}"] for row in rows)
        assert others == pytest.approx([first] * len(others), rel=1e-12)
