"""Names that were received stay inside their folder."""

from __future__ import annotations

import pytest

from uncertain_densepose.inside import LeadsOutError, path_inside, plain_path


@pytest.mark.parametrize("name", ["a.png", "a/b.png", "a..b", "..a/b", "...", "ä b.png"])
def test_a_name_inside_is_a_path_inside_whether_it_exists_or_not(tmp_path, name):
    assert path_inside(tmp_path, name) == tmp_path / name


@pytest.mark.parametrize(
    "name",
    ["", ".", "..", "../a", "a/../../b", "a/..", "/a", "//a", "a\0b", "\ud800", 3, None, b"a"],
)
def test_other_names_are_refused_by_their_letters(tmp_path, name):
    with pytest.raises(LeadsOutError):
        plain_path(name)
    with pytest.raises(LeadsOutError):
        path_inside(tmp_path, name)


def test_an_address_is_not_a_file():
    with pytest.raises(LeadsOutError, match="leads out"):
        plain_path("http://example.org/a.png")


def test_links_are_followed(tmp_path):
    home = tmp_path / "home"
    (home / "deep").mkdir(parents=True)
    (tmp_path / "home2").mkdir()
    (home / "out").symlink_to(tmp_path)
    (home / "beside").symlink_to(tmp_path / "home2")
    (home / "within").symlink_to(home / "deep")
    (home / "circle").symlink_to(home / "circle")
    assert path_inside(home, "within/a").resolve() == home / "deep" / "a"
    for name in ("out/a", "beside/a", "out/home/../a"):
        with pytest.raises(LeadsOutError):
            path_inside(home, name)
    assert plain_path("out/a").parts == ("out", "a")
    for name in ("deep", "within"):
        with pytest.raises(LeadsOutError, match="is a folder"):
            path_inside(home, name)


def test_the_folder_itself_may_be_a_link(tmp_path):
    (tmp_path / "real").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "real")
    assert path_inside(tmp_path / "link", "a") == tmp_path / "link" / "a"
