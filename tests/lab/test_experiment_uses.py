import importlib

import pytest

from lab.experiments import clicks
from lab.experiments.result_table import ResultTable
from lab.experiments.settings import recipe
from tests.lab.experiments.conftest import CONFIG
from tests.lab.experiments.crop_data import TINY


@pytest.fixture
def opts(tmp_path):
    """Two models of one setting and two seeds, whose weights are kept."""
    return [
        *TINY,
        *("EXPERIMENT.TUNING.GRID", "[[0.2, 0.5, 0.5]]"),
        *("EXPERIMENT.HEADLINE_MODELS", "['full']"),
        *("EXPERIMENT.CONTROL_WORLDS", "[]"),
        *("EXPERIMENT.FUSION_MEMBERS", "2"),
        *("EXPERIMENT.RESULTS", str(tmp_path / "trained.csv")),
        *("EXPERIMENT.FUSION_RESULTS", str(tmp_path / "fusion.csv")),
        *("EXPERIMENT.CLICKS_RESULTS", str(tmp_path / "clicks.csv")),
        *("EXPERIMENT.WEIGHTS_DIR", str(tmp_path / "weights")),
    ]


@pytest.fixture
def uses(opts, use_crop_data, monkeypatch, capsys):
    """A function that runs the tool and gives what it said."""
    # The drawn people have few points of the same part.
    monkeypatch.setattr(clicks, "NUM_CLICKS", (0, 1))
    tool = importlib.import_module("lab.experiment_uses")

    def run(*arguments):
        tool.main([CONFIG, *arguments, "--opts", *opts])
        return capsys.readouterr().out

    return run


def test_fusions_and_clicks_of_the_models_that_were_kept(uses, opts, tmp_path):
    tables = [tmp_path / name for name in ("fusion.csv", "clicks.csv")]
    train = importlib.import_module("lab.experiment")
    train.main([CONFIG, "--only", "seed=1", "--opts", *opts])
    assert "fusion.csv: 3 cells wait for weights" in uses()
    assert not tables[0].exists()
    train.main([CONFIG, "--opts", *opts])
    assert "wait" not in uses()
    fused, clicked = (ResultTable(path, recipe(CONFIG, opts)).rows for path in tables)
    assert len(fused) == 3 * 2  # rules, splits
    assert len(clicked) == 2 * 2  # seeds, numbers of clicks
    written = [path.read_text() for path in tables]
    uses()
    assert [path.read_text() for path in tables] == written


def test_a_document_that_is_missing_is_one_line(uses, tmp_path, capsys):
    with pytest.raises(SystemExit) as stopped:
        uses("--out", str(tmp_path / "none.md"))
    assert stopped.value.code == 2
    assert "none.md: no such file" in capsys.readouterr().err.splitlines()[-1]
