"""Kinds of values and options that command lines share."""

import argparse
from pathlib import Path

import pytest

from uncertain_densepose.cli import options


@pytest.mark.parametrize(
    ("kind", "good", "bad"),
    [
        (options.number(int, 1), {"1": 1, "30": 30}, {"0": "must be at least 1, not 0"}),
        (options.number(float, 0, 1), {"0.5": 0.5}, {"2": r"must be in 0\.\.1, not 2"}),
        (options.above_zero, {"0.1": 0.1, "inf": float("inf")}, {"0": "above 0", "nan": "'nan'"}),
        (options.parse_kappa, {"0.255": 0.255, "per_part": None}, {"-1": "'-1' is neither"}),
        (options.finite_above_zero, {"2": 2.0}, {"inf": "must be finite", "wide": "not 'wide'"}),
    ],
)
def test_values(kind, good, bad):
    assert {text: kind(text) for text in good} == good
    for text, message in bad.items():
        with pytest.raises(argparse.ArgumentTypeError, match=message):
            kind(text)


def test_a_number_that_is_none_is_named_by_its_kind(capsys):
    parser = options.make_parser("Text.")
    options.add_workers(parser.add_argument, 2)
    with pytest.raises(SystemExit):
        parser.parse_args(["--workers", "many"])
    assert "--workers: invalid int value: 'many'" in capsys.readouterr().err


def test_overrides_are_pairs():
    options.check_overrides(["SEED", "1"])
    with pytest.raises(options.UsageError, match="--opts takes pairs KEY VALUE, got SEED"):
        options.check_overrides(["SEED"])


def test_outputs_can_be_written(tmp_path):
    file = tmp_path / "file"
    file.write_text("")
    options.check_out_folder(None)
    options.check_out_folder(tmp_path / "new")
    options.check_out_file(file)
    with pytest.raises(options.UsageError, match="--out must be a folder, but this is a file"):
        options.check_out_folder(file)
    with pytest.raises(options.UsageError, match="--out must be a file, but this is a folder"):
        options.check_out_file(tmp_path)
    with pytest.raises(options.UsageError, match="--json .*: there is no folder"):
        options.check_out_file(Path(tmp_path / "none" / "file"), "--json")
