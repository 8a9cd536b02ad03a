import itertools
import math
import re

import pytest

from lab.experiments.report.rows import DocumentError, ExperimentResults, read_rows
from lab.experiments.result_table import ROW_COLUMNS
from tests.lab.experiments.invented_rows import CELLS, STEPS, metric_names, rows, value, write_rows


def results_of(tmp_path, table):
    return ExperimentResults(read_rows(write_rows(tmp_path / "rows.csv", table)))


def test_rows_come_back_as_they_were_written(tmp_path):
    table = list(rows({"iid": ("mse", "full")}))
    found = read_rows(write_rows(tmp_path / "rows.csv", table))
    assert len(found) == len(table) == 2 * 3 * 3
    assert found.columns.sort_values().tolist() == sorted([*ROW_COLUMNS, *metric_names()])
    row = found.iloc[4]
    assert (row.world, row.model, row.seed, row.steps) == ("iid", "mse", 2, 1000)
    assert (row.stage, row.split, row.seconds) == ("final", "test", 200)
    assert (row.uv_weight, row.anchor, row.warm_start) == (0.5, 0.1, 0.25)
    expected = value("AUC10_truth_given", "iid", "mse", 2, 1000)
    assert row["AUC10_truth_given"] == pytest.approx(expected, rel=1e-5)
    assert math.isnan(row["spearman_shared_scale"])


def test_only_test_rows_of_final_cells_are_reported(tmp_path):
    cells = {"iid": ("mse",)}
    other = [rows(cells, stage="tune", split="validation"), rows(cells, split="validation")]
    found = results_of(tmp_path, itertools.chain(*other, rows(cells, seeds=(1,))))
    measured = found.rows[["stage", "split", "seed"]].drop_duplicates()
    assert measured.values.tolist() == [["final", "test", 1]]
    with pytest.raises(DocumentError, match="finish a cell"):
        results_of(
            tmp_path, itertools.chain(*(rows(cells, stage="tune"), rows(cells, split="val")))
        )


def test_worlds_and_models_have_an_order_of_their_own(tmp_path):
    table = list(rows(seeds=(1,)))[::-1]
    table.append(table[0] | {"world": "rain", "model": "other"})
    table.append(table[0] | {"world": "rain", "model": "mse"})
    found = results_of(tmp_path, table)
    assert found.worlds() == ["annotator", "shared", "iid", "clean", "rain"]
    assert found.models("annotator") == list(CELLS["annotator"])
    assert found.models("rain") == ["mse", "other"]


def test_values_are_those_of_the_longest_training_unless_a_length_is_named(tmp_path):
    found = results_of(tmp_path, reversed(list(rows({"iid": ("mse", "full")}))))
    assert found.steps("iid") == list(STEPS)
    for steps, read in (
        (STEPS[-1], found.values("iid", "mse", "AUC30_labels_given")),
        (STEPS[0], found.values("iid", "mse", "AUC30_labels_given", STEPS[0])),
    ):
        assert read.to_dict() == pytest.approx(
            {s: value("AUC30_labels_given", "iid", "mse", s, steps) for s in (1, 2, 3)}, rel=1e-5
        )
    difference = found.difference("iid", "AUC30_labels_given", "full", "mse", STEPS[0])
    pairs = [
        [value("AUC30_labels_given", "iid", m, s, STEPS[0]) for m in ("full", "mse")]
        for s in (1, 2, 3)
    ]
    assert difference.mean == pytest.approx(sum(a - b for a, b in pairs) / 3, abs=1e-3)
    assert difference.count == 3
    assert found.difference("iid", "AUC30_labels_given", "full", "absent").count == 0


def test_what_seeds_have_in_common_drops_out_of_a_difference(tmp_path):
    measured = {"full": {1: 10.5, 2: 20.5, 3: 7.0}, "mse": {2: 20.0, 1: 10.0, 4: 1.0}}
    table = [
        row | {"AUC10_truth_given": str(measured[row["model"]][row["seed"]])}
        for row in rows({"iid": ("mse", "full")}, seeds=(1, 2, 3, 4), steps=(500,))
        if row["seed"] in measured[row["model"]]
    ]
    found = results_of(tmp_path, table).difference("iid", "AUC10_truth_given", "full", "mse")
    assert (found.mean, found.deviation, found.count) == (0.5, 0, 2)


def changed(tmp_path, old, new):
    path = tmp_path / "rows.csv"
    write_rows(path, rows({"iid": ("mse",)}, seeds=(1,), steps=(500,)))
    path.write_text(path.read_text().replace(old, new))
    return path


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        (",steps,", ",step,", "not a table of results: columns ['steps'] are missing"),
        (",500,", ",many,", "line 2: column 'steps' must be a number, not 'many'"),
        (",1234,", ",lots,", "line 2: column 'num_points' must be a number, not 'lots'"),
    ],
)
def test_faults_are_named_with_their_place(tmp_path, old, new, message):
    path = changed(tmp_path, old, new)
    with pytest.raises(DocumentError, match=re.escape(f"{path}: {message}")):
        read_rows(path)


def test_no_file(tmp_path):
    with pytest.raises(DocumentError, match="absent.csv: no such file"):
        read_rows(tmp_path / "absent.csv")


def test_a_cell_that_is_there_twice_is_refused(tmp_path):
    table = list(rows({"iid": ("mse",)}))
    with pytest.raises(
        DocumentError, match="two rows of world 'iid', model 'mse', seed 3 and 2000"
    ):
        results_of(tmp_path, [*table, table[-1]])


def test_a_metric_that_is_not_in_the_file_is_named(tmp_path):
    found = results_of(tmp_path, rows({"iid": ("mse",)}))
    with pytest.raises(DocumentError, match="no column 'colour'"):
        found.values("iid", "mse", "colour")
