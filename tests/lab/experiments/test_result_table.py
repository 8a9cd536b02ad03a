import math

import pytest

from lab.experiments.result_table import ROW_COLUMNS, ResultTable
from lab.experiments.settings import ExperimentCell, ExperimentError, Setting

RECIPE = "00c0ffee"


SETTING = Setting(0.1, 0.5, 0.25)


def cell(model="full", seed=1, setting=SETTING):
    return ExperimentCell("final", "annotator", model, seed, setting)


def rows(**metrics):
    return [{"steps": steps, "split": "test"} | metrics for steps in (10, 20)]


@pytest.fixture
def path(tmp_path):
    return tmp_path / "docs" / "results.csv"


def test_a_row_is_a_cell_a_length_and_a_split(path):
    table = ResultTable(path, RECIPE)
    table.append(cell(), rows(nats=1.25, share=math.nan), 61.4)
    lines = path.read_text().splitlines()
    assert lines == [
        "stage,world,model,seed,uv_weight,anchor,warm_start,steps,split,seconds,recipe,nats,share",
        "final,annotator,full,1,0.1,0.5,0.25,10,test,61,00c0ffee,1.25,",
        "final,annotator,full,1,0.1,0.5,0.25,20,test,61,00c0ffee,1.25,",
    ]
    assert tuple(lines[0].split(",")[: len(ROW_COLUMNS)]) == ROW_COLUMNS


def test_finished_cells_are_found_again(path):
    ResultTable(path, RECIPE).append(cell(), rows(nats=1.0), 60)
    table = ResultTable(path, RECIPE)
    assert [row["steps"] for row in table.rows_of(cell())] == ["10", "20"]
    assert table.rows_of(cell(seed=2)) == []
    assert table.rows_of(cell(model="mse")) == []
    assert table.rows_of(cell(setting=Setting(0.1, 0.5, 0.5))) == []
    assert table.rows_of(cell(setting=None)) == []


def test_a_setting_is_found_whatever_its_last_digits(path):
    table = ResultTable(path, RECIPE)
    table.append(cell(setting=Setting(0.1 * (1 + 0.1), 0.0, 0.0)), rows(nats=1.0), 60)
    assert table.rows_of(cell(setting=Setting(0.11, 0.0, 0.0)))


def test_a_new_metric_gets_a_column(path):
    table = ResultTable(path, RECIPE)
    table.append(cell(seed=1), rows(nats=1.0), 60)
    table.append(cell(seed=2), rows(nats=2.0, share=3.0), 60)
    assert ResultTable(path, RECIPE).rows["share"].tolist() == ["", "", "3", "3"]
    assert table.rows["nats"].tolist() == ["1", "1", "2", "2"]
    table.append(cell(seed=3), rows(share=4.0), 60)
    assert table.rows["nats"].tolist() == ["1", "1", "2", "2", "", ""]
    assert [p.name for p in path.parent.iterdir()] == [path.name]


def test_two_runs_at_once_keep_each_others_rows(path):
    first, second = ResultTable(path, RECIPE), ResultTable(path, RECIPE)
    first.append(cell(seed=1), rows(nats=1.0), 60)
    second.append(cell(seed=2), rows(nats=2.0, share=1.0), 60)
    first.append(cell(seed=3), rows(nats=3.0), 60)
    seeds = ResultTable(path, RECIPE).rows["seed"].tolist()
    assert seeds == ["1", "1", "2", "2", "3", "3"]


def test_the_time_of_a_cell_is_counted_once(path):
    table = ResultTable(path, RECIPE)
    assert table.seconds_a_step() is None
    table.append(cell(seed=1), rows(nats=1.0), 60)
    table.append(cell(seed=2), rows(nats=1.0)[:1], 90)
    assert table.seconds_a_step() == (60 + 90) / (20 + 10)


def test_rows_of_another_recipe_are_refused(path):
    ResultTable(path, RECIPE).append(cell(), rows(nats=1.0), 60)
    with pytest.raises(ExperimentError, match="line 2 has recipe 00c0ffee, not 12345678"):
        ResultTable(path, "12345678")


def test_a_line_that_is_cut_off_is_refused_by_its_number(path):
    ResultTable(path, RECIPE).append(cell(), rows(nats=1.0), 60)
    path.write_text(path.read_text()[:-5])
    with pytest.raises(ExperimentError, match="line 3 has 11 fields instead of 12"):
        ResultTable(path, RECIPE)


def test_a_file_that_is_no_table_is_refused(path):
    path.parent.mkdir()
    path.write_text("name,age\nAda,36\n")
    with pytest.raises(ExperimentError, match="not a table of results"):
        ResultTable(path, RECIPE)
