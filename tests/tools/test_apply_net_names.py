"""tools/apply_net.py: pictures of unusual names, in folders of unusual names."""

from __future__ import annotations

import json

import pytest

from tests.tools.apply_net_runs import files_of, picture
from uncertain_densepose.inference import load_people


@pytest.mark.parametrize("formats", [["npz"], ["iuv", "inds", "parts", "cutout"]])
def test_names_of_252_characters(run, tmp_path, formats, capsys):
    long = picture(tmp_path / f"{'a' * 248}.png", 120)
    run("dump", long, extra=("--format", *formats))
    print(files_of(tmp_path / "out"), capsys.readouterr())


def test_show_252(run, tmp_path, capsys):
    long = picture(tmp_path / f"{'a' * 248}.png", 120)
    run("show", long)
    print(files_of(tmp_path / "out"), capsys.readouterr())
