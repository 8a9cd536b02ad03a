"""The benchmark tool from the command line: tables on the screen and in a file."""

import importlib
import json

import pytest
import torch

from lab.benchmarks import tables


@pytest.fixture
def tool_main(monkeypatch):
    """The tool's `main`, which leaves threads and environment as they were."""
    monkeypatch.setenv("KINETO_LOG_LEVEL", "99")
    tool = importlib.import_module("lab.benchmark")
    threads = torch.get_num_threads()
    yield tool.main
    torch.set_num_threads(threads)


def test_losses_are_printed_and_written(tmp_path, tool_main, capsys):
    path = tmp_path / "new" / "losses.json"
    options = ["--points", "100", "--repeats", "1", "--threads", "1", "--out", str(path)]
    tool_main(["losses", *options])
    printed = capsys.readouterr().out
    record = json.loads(path.read_text())
    assert {key: record[key] for key in ("benchmark", "device", "threads", "repeats")} == {
        "benchmark": "losses",
        "device": "cpu",
        "threads": 1,
        "repeats": 1,
    }
    assert len(record["tables"]) == 4
    for title, rows in record["tables"].items():
        assert title in printed
        assert all(str(row["contestant"]) in printed for row in rows)


def test_head_takes_boxes_and_points(tool_main, capsys, monkeypatch):
    asked = {}

    def head_rows(repeats, boxes, points, device):
        asked.update(repeats=repeats, boxes=boxes, points=points, device=device)
        return [{"route": "point", "peak MiB": 1.5}]

    monkeypatch.setattr(tables, "head_rows", head_rows)
    tool_main(["head", "--boxes", "4", "--points", "7", "--repeats", "2"])
    assert asked == {"repeats": 2, "boxes": 4, "points": 7, "device": "cpu"}
    printed = capsys.readouterr().out
    assert "4 boxes of 7 points" in printed and "peak MiB" in printed and "1.5" in printed


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        ([], ((400, 250), (250, 400))),
        (["--window", "8", "9", "--window", "7", "5"], ((8, 9), (7, 5))),
    ],
)
def test_postprocessing_takes_windows(options, expected, tool_main, capsys, monkeypatch):
    def rows(repeats, windows, device):
        assert (repeats, tuple(windows), device) == (2, expected, "cpu")
        return [{"contestant": "winning channel", "ms": 1.25}]

    monkeypatch.setattr(tables, "postprocessing_rows", rows)
    tool_main(["postprocessing", "--repeats", "2", *options])
    printed = capsys.readouterr().out
    assert "one detection" in printed and "winning channel" in printed and "1.25" in printed


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["losses", "--points", "99"], "at least 100"),
        (["head", "--repeats", "0"], "at least 1"),
        (["postprocessing", "--window", "4"], "expected 2 arguments"),
        (["charts"], "invalid choice"),
    ],
)
def test_mistakes_end_with_a_message(arguments, message, tool_main, capsys):
    with pytest.raises(SystemExit) as stopped:
        tool_main(arguments)
    assert stopped.value.code == 2
    assert message in capsys.readouterr().err
