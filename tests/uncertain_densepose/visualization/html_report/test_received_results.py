"""Results from elsewhere: what they name is not taken into the page, nor run by it."""

from __future__ import annotations

import html
import json
import re
import shutil
from pathlib import Path

import pytest

from tests.uncertain_densepose.visualization.html_report.results_factory import (
    done_line,
    page_of,
    random_image,
    random_person,
    write_figure,
    write_metrics,
    write_predictions,
)
from uncertain_densepose.cli.report_page import notes_on
from uncertain_densepose.cli.run_folder import RunFolder
from uncertain_densepose.inference import SourceImage
from uncertain_densepose.visualization.html_report import (
    ReportError,
    choose_images,
    figure_groups,
    read_results,
)

SIZE = (30, 40)
PEOPLE = [random_person((5, 5, 30, 28), SIZE)]


@pytest.fixture
def received(tmp_path):
    """A run with people, and a private picture of the same size beside it."""
    private = random_image(tmp_path / "private" / "x.png", SIZE)
    folder = write_predictions(tmp_path / "run", {Path("x.png"): PEOPLE})
    return folder, private


def naming(folder: Path, **values) -> Path:
    """A folder whose records name other files."""
    file = folder / "predictions.json"
    records = json.loads(file.read_text())
    file.write_text(json.dumps([record | values for record in records]))
    return folder


def chosen(folder: Path, images=None):
    return choose_images(read_results([folder]), 9, images)


@pytest.mark.parametrize("how", ["absolute", "parent", "here", "link"])
@pytest.mark.parametrize("record", ["none", "without stamp", "wrong stamp", "other file"])
def test_a_private_picture_is_not_shown(received, monkeypatch, how, record):
    folder, private = received
    monkeypatch.chdir(private.parent)
    name = {"absolute": str(private), "parent": "../private/x.png", "here": "x.png", "link": "l"}[
        how
    ]
    (folder / "l").symlink_to(private)
    naming(folder, file_name=name)
    size = private.stat().st_size
    lines = {
        "none": "",
        "without stamp": json.dumps({"source": str(private), "stamp": []}) + "\n",
        "wrong stamp": json.dumps({"source": str(private), "stamp": [size, 1]}) + "\n",
        "other file": done_line(random_image(folder.parent / "y.png", SIZE)),
    }
    (folder / "done.jsonl").write_text(lines[record])
    choice = chosen(folder)
    assert not choice.entries and choice.refused == [f"{name} (run)"] and not choice.gone
    (note,) = notes_on(choice, 9)
    assert name in note and "--images" in note


def test_what_the_run_read_here_is_shown_wherever_it_lies(received):
    folder, private = received
    naming(folder, file_name=str(private))
    (folder / "done.jsonl").write_text(done_line(private))
    assert [entry.file for entry in chosen(folder).entries] == [private]
    private.write_bytes(private.read_bytes() + b"x")
    assert not chosen(folder).entries and chosen(folder).refused


def test_what_lies_in_the_run_or_in_the_named_folder_is_shown(received):
    folder, private = received
    naming(folder, file_name="deep/x.png")
    (folder / "deep").mkdir()
    shutil.copy(private, folder / "deep" / "x.png")
    assert [entry.file for entry in chosen(folder).entries] == [folder / "deep" / "x.png"]
    for name in ("x.png", "anywhere/x.png", "/anywhere/x.png"):
        naming(folder, file_name=name)
        assert [entry.file for entry in chosen(folder, private.parent).entries] == [private]


@pytest.mark.parametrize("name", ["../private/x.png", "../../x.png", "a/../../private/x.png"])
def test_a_name_does_not_lead_out_of_the_named_folder(received, name):
    folder, private = received
    naming(folder, file_name=name)
    inner = folder.parent / "inner"
    inner.mkdir()
    assert not chosen(folder, inner).entries


@pytest.mark.parametrize("name", ["x.png\0", "", ".", "..", "/"])
def test_names_that_name_no_file_are_gone(received, name):
    folder, private = received
    naming(folder, file_name=name)
    choice = chosen(folder, private.parent)
    assert not choice.entries and not choice.refused and len(choice.gone) == 1


@pytest.mark.parametrize("name", ["../private/x.npz", "/etc/x.npz", "", ".", "link.npz", "a\0.npz"])
def test_people_are_read_from_the_run_alone(received, name):
    folder, private = received
    shutil.copy(folder / "000000.npz", private.parent / "x.npz")
    (folder / "link.npz").symlink_to(private.parent / "x.npz")
    with pytest.raises(ReportError, match="predictions.json: record 0: 'maps' ") as caught:
        read_results([naming(folder, maps=name)])
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("place", ["loss.png", "figures_set/loss.png", "metrics_set.json"])
def test_figures_and_metrics_that_are_links_to_elsewhere_are_refused(tmp_path, place):
    private = write_figure(tmp_path / "private.png")
    if place.endswith("json"):
        private.write_text('{"secret": {"a": 1}}')
    folder = write_metrics(tmp_path / "run", {"bbox": {"AP": 1.0}})
    (folder / place).parent.mkdir(exist_ok=True)
    (folder / place).symlink_to(private)
    with pytest.raises(ReportError, match=rf"{place}: '{place}' leads out of the folder"):
        read_results([folder])


def test_a_folder_of_figures_that_is_a_link_to_elsewhere_is_refused(tmp_path):
    private = write_figure(tmp_path / "private" / "a.png")
    folder = write_metrics(tmp_path / "run", {"bbox": {"AP": 1.0}})
    (folder / "figures_set").symlink_to(private.parent)
    with pytest.raises(ReportError, match="leads out of the folder"):
        read_results([folder])


@pytest.mark.parametrize("content", [b"secret", b"<svg onload=alert(1)>", b"\xff\xd8\xff no jpeg"])
def test_what_is_no_picture_is_not_embedded(tmp_path, content):
    folder = tmp_path / "run"
    folder.mkdir()
    (folder / "a.png").write_bytes(content)
    with pytest.raises(ReportError, match=r"a\.png: not a PNG"):
        figure_groups(read_results([folder]))


MARKUP = """</script><script>alert("1")</script><img src=x onerror='alert(2)'>&amp;"""


def test_markup_in_names_is_text(tmp_path):
    """In names of pictures, runs, data sets, tasks, metrics, groups (classes) and figures.

    Slashes cannot be in the names of files.
    """
    name = MARKUP.replace("/", "\u2215")
    folder = tmp_path / f"run {name}"
    image = random_image(tmp_path / f"{name}.png", SIZE)
    write_predictions(folder, {image: PEOPLE})
    metrics = {MARKUP: {MARKUP: 1.0, f"AP-{MARKUP}": 2.0}, "bbox": {"AP": MARKUP}}
    write_metrics(folder, metrics, name)
    write_figure(folder / f"figures_{name}" / f"{name}.png")
    text = page_of(folder, title=MARKUP, notes=[MARKUP])
    for raw in (MARKUP, name, "<img src=x", "<script>alert", "onerror='"):
        assert raw not in text
    assert html.escape(name, quote=False).split("\u2215")[0][:4] in text
    assert text.count("<script") == text.count("</script>")
    inside = re.findall(r"<script[^>]*>(.*?)</script>", text, flags=re.DOTALL)
    assert not any("alert" in script for script in inside)


def test_a_record_that_is_damaged_is_named(received):
    folder, _ = received
    (folder / "done.jsonl").write_text('{"source": 3}\n')
    with pytest.raises(ReportError, match=r"done\.jsonl: line 1 is damaged"):
        read_results([folder])
    (folder / "predictions.json").write_text("[" * 100_000)
    with pytest.raises(ReportError, match=r"predictions\.json: not JSON"):
        read_results([folder])


def test_the_record_of_a_run_is_understood(received):
    folder, private = received
    naming(folder, file_name=str(private))
    (folder / "done.jsonl").unlink()
    run = RunFolder(folder, {})
    run.finish(SourceImage("x", private, None, lambda: None), ["000000.npz"])
    with (folder / "done.jsonl").open("a") as file:
        file.write('{"sour')
    assert [entry.file for entry in chosen(folder).entries] == [private]
