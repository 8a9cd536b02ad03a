import json
import math

from uncertain_densepose.evaluation.files import metrics_table, write_metrics


def test_groups_make_rows_of_their_own():
    table = metrics_table({"AP": 12.3456, "AP-hand": 1.0, "n-hand": 3, "AP-left foot": 2.0})
    short, groups = table.split("\n\n")
    assert "12.346" in short and "hand" not in short
    rows = [[cell.strip() for cell in row.split("|")[1:-1]] for row in groups.splitlines()]
    assert rows[0] == ["", "AP", "n"]
    assert rows[2] == ["hand", "1.000", "3"]
    assert rows[3][:2] == ["left foot", "2.000"]


def test_many_metrics_are_broken_into_several_tables():
    table = metrics_table({f"m{k}": float(k) for k in range(23)})
    assert len(table.split("\n\n")) == 3
    assert all(f"m{k} " in table for k in range(23))


def test_no_metrics_are_an_empty_table():
    assert metrics_table({}) == ""


def test_numbers_that_are_not_finite_become_null(tmp_path):
    path = tmp_path / "metrics.json"
    write_metrics(path, {"task": {"a": 1.5, "b": math.nan, "c": math.inf, "n": 3, "name": "x"}})
    content = json.loads(path.read_text(), parse_constant=lambda name: 1 / 0)
    assert content == {"task": {"a": 1.5, "b": None, "c": None, "n": 3, "name": "x"}}
