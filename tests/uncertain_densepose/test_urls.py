"""A URL given for a file is called one, also where `Path` has joined its slashes."""

from __future__ import annotations

from pathlib import Path

import pytest

from uncertain_densepose.config import load_config
from uncertain_densepose.errors import UserError, is_url, missing
from uncertain_densepose.evaluation import Recalibration
from uncertain_densepose.inference import (
    coco_image_ids,
    find_sources,
    load_people,
    read_image,
    save_people,
)
from uncertain_densepose.surface import Surface
from uncertain_densepose.surface.importers import read_obj_mesh, read_smpl_subdiv
from uncertain_densepose.visualization.html_report import read_results

URL = "https://example.org/some/file.png"

READERS = {
    "picture": read_image,
    "images": lambda path: find_sources([path]),
    "people": load_people,
    "surface": Surface.load,
    "recalibration": Recalibration.load,
    "annotations": lambda path: coco_image_ids(path, []),
    "report": lambda path: read_results([path]),
    "mat": lambda path: read_smpl_subdiv(path, path),
    "mesh": lambda path: read_obj_mesh(path, path),
}


@pytest.mark.parametrize("kind", READERS)
def test_a_url_in_place_of_a_file(kind):
    for given in (URL, Path(URL)):
        with pytest.raises(UserError, match="file.png is a URL, not a path; download") as caught:
            READERS[kind](given)
        assert "\n" not in str(caught.value)


def test_a_url_in_place_of_a_config():
    with pytest.raises(UserError, match="is a URL, not a path; download"):
        load_config(URL)


def test_nothing_is_written_to_a_folder_called_https(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(UserError, match="is a URL, not a path; write a file"):
        save_people(URL, [], (5, 5))
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("path", ["a/b.png", "/a/b", "C:/a/b.png", "a:b", "ab://", "", "1:/b"])
def test_paths_are_not_urls(path):
    assert not is_url(path)
    assert missing(path) == f"{path}: no such file"
