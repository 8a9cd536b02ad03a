"""lab.experiment_report: a csv in, a filled document out, messages that name what is wrong."""

import importlib
from pathlib import Path

import pytest

from tests.lab.experiments.invented_rows import rows, write_rows
from tests.people_on_disk import refused

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def tool():
    return importlib.import_module("lab.experiment_report")


def test_it_fills_the_document_and_says_what_it_wrote(tool, tmp_path, capsys):
    document = tmp_path / "EXPERIMENTS.md"
    document.write_text((ROOT / "docs" / "EXPERIMENTS.md").read_text())
    (tmp_path / "results").mkdir()
    csv = write_rows(tmp_path / "results" / "rows.csv", rows({"iid": ("mse", "full")}))
    tool.main([csv, "--out", str(document)])
    said = capsys.readouterr().out
    assert "18 rows" in said
    assert str(tmp_path / "results" / "nats.png") in said
    assert f"python -m lab.experiment_report {csv} --out {document}" in document.read_text()


def test_what_the_user_got_wrong_ends_it_in_one_line(tool, tmp_path, capsys):
    for arguments, message in (
        (
            [str(tmp_path / "rows.csv")],
            "rows.csv: no such file; python -m lab.experiment writes",
        ),
        ([write_rows(tmp_path / "tune.csv", rows(stage="tune"))], "no row has stage 'final'"),
    ):
        line = refused(tool, capsys, *arguments, "--out", tmp_path / "EXPERIMENTS.md")
        assert message in line
