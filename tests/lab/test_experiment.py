import importlib
import os
import subprocess
import sys

import pytest
from filelock import FileLock

from lab.experiments.result_table import ResultTable
from lab.experiments.settings import recipe
from tests.lab.experiments.conftest import CONFIG
from tests.lab.experiments.crop_data import TINY
from tests.people_on_disk import refused

MODULE = "lab.experiment"


@pytest.fixture(scope="module")
def tool():
    return importlib.import_module("lab.experiment")


@pytest.fixture
def run(tool, tmp_path, use_crop_data, capsys):
    """A function that runs the tool on the drawn data set and gives its table and output."""
    path = tmp_path / "results.csv"

    def run_tool(*arguments):
        tool.main([CONFIG, "--results", str(path), *arguments, "--opts", *TINY])
        return ResultTable(path, recipe(CONFIG, TINY)), capsys.readouterr().out

    return run_tool


def test_an_experiment_from_nothing_to_its_table(run):
    before = run("--list")[1]
    assert "10 of 10 cells left: no finished cell to tell the time from" in before
    table, said = run()
    assert said.count("tune annotator") == 4 and said.count("final ") == 6
    stages = table.rows["stage"].tolist()
    assert stages.count("tune") == 4 and stages.count("final") == 6 * 2 * 2
    assert "nothing is left to run" in run()[1]
    listed = run("--list", "--only", "world=annotator")[1]
    assert "0 of 8 cells left" in listed and "chosen for full: uv_weight 0." in listed


def test_a_second_process_is_refused(run, tmp_path, capsys):
    with FileLock(tmp_path / "results.csv.lock"), pytest.raises(SystemExit):
        run()
    assert "another process runs this experiment" in capsys.readouterr().err


@pytest.mark.slow
def test_two_processes_get_the_rows_of_one(run, tmp_path, use_crop_data):
    only = ["--only", "stage=tune,model=full"]
    table, _ = run(*only)
    path = tmp_path / "two.csv"
    options = ["--jobs", "2", "--results", str(path), *only, "--opts", *TINY]
    environment = os.environ | {"OMP_NUM_THREADS": "1"}
    subprocess.run([sys.executable, "-m", MODULE, CONFIG, *options], check=True, env=environment)
    timeless = [
        sorted(rows.drop(columns="seconds").itertuples(index=False, name=None))
        for rows in (table.rows, ResultTable(path, table.recipe).rows)
    ]
    assert len(timeless[0]) == 2
    assert timeless[0] == timeless[1]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ([CONFIG, "--jobs", "0"], "argument --jobs: must be at least 1, not 0"),
        ([CONFIG, "--only", "who=me"], "--only has 'who=me', expected FIELD=VALUE"),
        ([CONFIG, "--opts", "SOLVER.MAX_ITER"], "--opts takes pairs KEY VALUE"),
        (["no.yaml"], "'no.yaml': no such file"),
    ],
)
def test_what_the_user_got_wrong_is_one_line(tool, capsys, arguments, message):
    assert f"error: {message}" in refused(tool, capsys, *arguments)


def test_a_world_that_is_missing_is_one_line(tool, use_crop_data, tmp_path, capsys):
    results = ["--results", tmp_path / "results.csv"]
    options = ["--opts", *TINY, "EXPERIMENT.HEADLINE_WORLD", "rainy"]
    line = refused(tool, capsys, CONFIG, *results, *options)
    assert "error: noise world 'rainy' needs" in line
