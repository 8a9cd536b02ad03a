"""Metrics of several runs side by side."""

from __future__ import annotations

from pathlib import Path

from uncertain_densepose.visualization.html_report import RunResults, metric_tables


def run(name, **metrics):
    """A run with metrics {data set: {task: {metric: value}}}."""
    return RunResults(name, Path(name), metrics, {}, [])


def texts(table):
    return {name: [cell.text for cell in cells] for name, cells in table.rows}


def values(table):
    return {name: [cell.value for cell in cells] for name, cells in table.rows}


def test_a_task_is_a_table_with_a_column_a_run():
    a = run("a", val={"bbox": {"AP": 27.41806, "AP50": 71.2}})
    b = run("b", val={"bbox": {"AP": 30.0, "AR": 5.0}})
    (table,) = metric_tables([a, b])
    assert (table.title, table.data_set, table.row_kind) == ("Boxes", "val", "metric")
    assert table.columns == ["a", "b"] and table.metrics == []
    assert values(table) == {"AP": [27.41806, 30.0], "AP50": [71.2, None], "AR": [None, 5.0]}
    assert texts(table) == {"AP": ["27.42", "30.00"], "AP50": ["71.20", "–"], "AR": ["–", "5.000"]}


def test_a_run_without_the_task_has_no_column_and_data_sets_are_apart():
    a = run("a", val={"bbox": {"AP": 1}}, test={"bbox": {"AP": 2}})
    b = run("b", val={"bbox": {"AP": 3}, "my_task": {"x": 4}})
    found = {(t.data_set, t.title): list(t.columns) for t in metric_tables([a, b])}
    assert found == {
        ("val", "Boxes"): ["a", "b"],
        ("test", "Boxes"): ["a"],
        ("val", "my_task"): ["b"],
    }


PARTS = {
    "AUC30": 40.0,
    "AUC30-torso back": 50.5,
    "num_points-torso back": 12,
    "AUC30-upper-arm": 0.25,
}


def test_metrics_of_groups_have_a_table_with_a_row_a_group():
    whole, by_group = metric_tables([run("a", val={"correspondence": PARTS})])
    assert values(whole) == {"AUC30": [40.0]}
    assert by_group.columns == ["AUC30", "num_points"] and by_group.metrics == []
    assert values(by_group) == {"torso back": [50.5, 12.0], "upper-arm": [0.25, None]}
    # A column is compared: its numbers have the same decimals.
    assert texts(by_group) == {"torso back": ["50.50", "12"], "upper-arm": ["0.25", "–"]}


def test_metrics_of_groups_of_several_runs_are_columns_below_their_metric():
    other = {"AUC30-torso back": 60.0, "num_points-hand": 3}
    runs = [run("a", val={"correspondence": PARTS}), run("b", val={"correspondence": other})]
    by_group = metric_tables(runs)[1]
    assert by_group.metrics == ["AUC30", "num_points"] and by_group.columns == ["a", "b"]
    assert values(by_group) == {
        "torso back": [50.5, 60.0, 12.0, None],
        "upper-arm": [0.25, None, None, None],
        "hand": [None, None, None, 3.0],
    }


def test_numbers_are_written_with_four_figures_and_the_rest_as_it_is():
    metrics = {
        "small": 0.000123456,
        "unit": 0.9876543,
        "hundreds": 128.06,
        "thousands": 54321.6,
        "negative": -1.68233,
        "zero": 0.0,
        "count": 123456,
        "unmeasured": None,
        "endless": float("inf"),
        "name": "strict",
        "flag": True,
        "weights": ["a.pth", "ä.pth"],
    }
    (table,) = metric_tables([run("a", val={"settings": metrics})])
    assert {name: cells[0] for name, cells in texts(table).items()} == {
        "small": "0.0001235",
        "unit": "0.9877",
        "hundreds": "128.1",
        "thousands": "54322",
        "negative": "-1.682",
        "zero": "0",
        "count": "123456",
        "unmeasured": "–",
        "endless": "–",
        "name": "strict",
        "flag": "true",
        "weights": '["a.pth", "ä.pth"]',
    }
    assert values(table)["unmeasured"] == values(table)["endless"] == [None]


def test_nothing_was_measured():
    assert metric_tables([run("a"), run("b", val={"bbox": {}})]) == []
