"""tools/report.py: folders in, one file out, and messages that name what is wrong."""

from __future__ import annotations

import pytest

from tests.uncertain_densepose.visualization.html_report.results_factory import (
    random_image,
    random_person,
    write_figure,
    write_metrics,
    write_predictions,
)
from uncertain_densepose.cli.report_page import notes_on
from uncertain_densepose.visualization.html_report import Choice

SIZE = (30, 40)


@pytest.fixture
def results(tmp_path):
    """A run with metrics and a figure, and one with three images."""
    run = write_metrics(tmp_path / "full", {"bbox": {"AP": 27.5}})
    write_figure(run / "figures_people_val" / "reliability.png")
    images = {
        random_image(tmp_path / "images" / f"{i}.png", SIZE): [random_person((5, 5, 30, 28), SIZE)]
        for i in range(3)
    }
    return [str(run), str(write_predictions(tmp_path / "people", images))]


def test_it_writes_one_file_and_says_what_is_in_it(tool, results, tmp_path, capsys):
    out = tmp_path / "made" / "report.html"
    tool.main([*results, "--out", str(out), "--title", "Three people"])
    said = capsys.readouterr()
    assert f"{out}: 1 tables, 1 figures, 3 images, 0.0" in said.out
    assert "note" not in said.err
    page = out.read_text(encoding="utf-8")
    assert "<h1>Three people</h1>" in page and "27.50" in page
    assert page.count('class="picture"') == 3


def test_images_that_are_gone_and_too_many_images_are_told_at_the_end(
    tool, results, tmp_path, capsys
):
    (tmp_path / "images" / "1.png").unlink()
    out = tmp_path / "report.html"
    tool.main([*results, "--out", str(out), "--max-images", "1"])
    notes = [line for line in capsys.readouterr().err.splitlines() if line.startswith("note: ")]
    assert "1 of 2 images are shown" in notes[0]
    assert "missing images are not shown" in notes[1]
    assert notes[1].endswith(f"{tmp_path}/images/1.png (people)")
    page = out.read_text(encoding="utf-8")
    assert page.count('class="picture"') == 1 and "images/1.png (people)" in page


def test_many_images_that_are_gone_are_counted():
    choice = Choice([], [f"{i}.jpg (a)" for i in range(30)], 0)
    (note,) = notes_on(choice, 40)
    assert note.endswith(
        "--images: " + ", ".join(f"{i}.jpg (a)" for i in range(10)) + " and 20 more"
    )


def test_without_metrics_and_images_there_is_nothing_to_show(refused, results, tmp_path):
    for i in range(3):
        (tmp_path / "images" / f"{i}.png").unlink()
    out = tmp_path / "report.html"
    message = refused(results[1], "--out", str(out))
    assert "no images to show; missing images" in message and not out.exists()
    empty = write_metrics(tmp_path / "empty", {})
    assert "no metrics, no figures" in refused(str(empty), "--out", str(out))


def test_what_the_user_got_wrong_ends_it_in_one_line(refused, results, tmp_path):
    out = ["--out", str(tmp_path / "report.html")]
    (tmp_path / "full" / "metrics_half.json").write_text('{"bbox": {"AP": 1')
    assert "metrics_half.json: not JSON, or truncated" in refused(results[0], *out)
    assert "none: no such folder" in refused(str(tmp_path / "none"), *out)
    people = [results[1], *out]
    assert "--images must be a folder" in refused(*people, "--images", "none")
    assert "must be at least 1, not 0" in refused(*people, "--max-images", "0")
    assert "invalid int value: 'big'" in refused(*people, "--max-side", "big")
    message = refused(results[1], "--out", str(tmp_path))
    assert "--out must be a file, but this is a folder" in message
    assert not (tmp_path / "report.html").exists()


def test_a_name_that_is_no_text_is_shown_as_far_as_it_is(tool, tmp_path):
    run = write_metrics(tmp_path / "r\udcffn", {"bbox": {"AP": 1.0}})
    tool.main([str(run), "--out", str(tmp_path / "report.html")])
    assert "<dt>r?n</dt>" in (tmp_path / "report.html").read_text(encoding="utf-8")
