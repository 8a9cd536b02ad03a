"""The report: a file of the stated size, whatever the rows are."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from tests.uncertain_densepose.inference.people_factory import figure_person, linear_person
from uncertain_densepose.visualization import PointErrors, ReportRow, make_report
from uncertain_densepose.visualization.report import crop_limits

IMAGE = np.random.default_rng(0).integers(0, 255, (120, 160, 3), dtype=np.uint8)
SIZE = IMAGE.shape[:2]
BOX = (30, 10, 90, 110)
ERRORS = PointErrors(np.array([[40.0, 50.0], [60, 60], [70, 20]]), np.array([1.0, 30, np.inf]))


def read_size(path) -> tuple[int, int]:
    picture = cv2.imread(str(path))
    assert picture is not None
    return picture.shape[1], picture.shape[0]


def test_the_report_grows_by_a_row_a_person_and_is_readable_at_1600_pixels(tmp_path):
    row = ReportRow(IMAGE, figure_person(BOX, SIZE), ERRORS, "image 1")
    sizes = []
    for count in (1, 2):
        path = tmp_path / f"{count}.png"
        make_report([row] * count, path, "full", {"GPS AP": 31.234, "model": "full"})
        sizes.append(read_size(path))
    assert sizes[0][0] == sizes[1][0] == pytest.approx(1600, abs=20)
    assert sizes[1][1] - sizes[0][1] == pytest.approx(328, abs=1)


def test_without_annotated_points_there_is_no_error_column(tmp_path):
    make_report([ReportRow(IMAGE, figure_person(BOX, SIZE))], tmp_path / "report.png")
    assert read_size(tmp_path / "report.png")[0] == pytest.approx(1330, abs=20)


def texts_of_report(rows, tmp_path, monkeypatch) -> list[str]:
    """All texts that the report of some rows shows."""
    from matplotlib.figure import Figure
    from matplotlib.text import Text

    figures = []
    save = Figure.savefig
    monkeypatch.setattr(
        Figure, "savefig", lambda self, *a, **k: (figures.append(self), save(self, *a, **k))
    )
    make_report(rows, tmp_path / "report.png", "title")
    return [text.get_text() for text in figures[0].findobj(Text)]


def test_a_model_without_noise_model_is_reported_as_such(tmp_path, monkeypatch):
    person = figure_person(BOX, SIZE, noise_model=False)
    texts = texts_of_report([ReportRow(IMAGE, person, ERRORS)] * 2, tmp_path, monkeypatch)
    assert texts.count("no noise model") == 2
    assert not any(text.startswith("median") for text in texts)


def test_captions_state_score_median_and_share_of_points(tmp_path, monkeypatch):
    person = linear_person(BOX, SIZE, variance=0.04**2, score=0.87)
    row = ReportRow(IMAGE, person, ERRORS, "000007.jpg")
    texts = texts_of_report([row], tmp_path, monkeypatch)
    assert "000007.jpg  score 0.87" in texts
    assert "median 2.0 cm" in texts
    assert any(text.startswith("33 % within 10 cm") for text in texts)


@pytest.mark.parametrize(
    "rows",
    [
        [],
        [ReportRow(IMAGE, linear_person((5, 5, 5, 5), SIZE))],
        [ReportRow(IMAGE, linear_person((-300, -300, -200, -200), SIZE))],
        [ReportRow(IMAGE, linear_person(BOX, SIZE, part=0), ERRORS)],
        [ReportRow(IMAGE, figure_person(BOX, SIZE), PointErrors(np.empty((0, 2)), np.empty(0)))],
        [
            ReportRow(IMAGE, figure_person(BOX, SIZE, noise_model=False)),
            ReportRow(IMAGE, figure_person(BOX, SIZE)),
        ],
    ],
    ids=["nobody", "no area", "off the image", "all background", "no points", "mixed models"],
)
def test_odd_rows_are_drawn(rows, tmp_path):
    make_report(rows, tmp_path / "report.png")
    assert read_size(tmp_path / "report.png")[0] >= 1000


@pytest.mark.parametrize("box", [BOX, (0, 40, 160, 60), (5, 5, 5, 5)])
def test_a_crop_holds_the_box_and_has_the_proportions_of_a_cell(box):
    x0, y0, x1, y1 = crop_limits(linear_person(box, SIZE))
    assert x0 < box[0] and y0 < box[1] and x1 > box[2] and y1 > box[3]
    assert (y1 - y0) / (x1 - x0) == pytest.approx(300 / 250)
