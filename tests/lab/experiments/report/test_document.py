from pathlib import Path

import matplotlib.image
import pytest

from lab.experiments.report import document as document_module
from lab.experiments.report.document import CAPTIONS, TABLES, fill_document
from lab.experiments.report.figures import FIGURE_DRAWERS
from lab.experiments.report.rows import DocumentError

DOCUMENT = Path(__file__).parents[4] / "docs" / "EXPERIMENTS.md"


def outside(text):
    """The lines of a document that lie in no block."""
    inside, kept = False, []
    for line in text.splitlines():
        inside = inside or line.startswith("<!-- begin ")
        if not inside:
            kept.append(line)
        inside = inside and not line.startswith("<!-- end ")
    return kept


@pytest.mark.filterwarnings("error")
def test_the_document_of_the_repository_can_be_filled(results, tmp_path, monkeypatch):
    document = tmp_path / "EXPERIMENTS.md"
    document.write_text(DOCUMENT.read_text())
    figures = fill_document(results, document, tmp_path / "experiments", "make report")
    text = document.read_text()
    assert outside(text) == outside(DOCUMENT.read_text())
    assert text.count("Made by `make report`") == len(TABLES) + len(CAPTIONS)
    assert len(figures) == len(FIGURE_DRAWERS) == len(CAPTIONS)
    for path in figures:
        assert f"(experiments/{path.name})" in text
        assert path.stat().st_size < 150_000
        assert matplotlib.image.imread(path)[..., :3].std() > 0.05
    monkeypatch.setattr(document_module, "write_figures", lambda *_: figures)
    fill_document(results, document, tmp_path / "experiments", "make report")
    assert document.read_text() == text


def test_figures_of_few_results(altered, tmp_path):
    document = tmp_path / "EXPERIMENTS.md"
    document.write_text(DOCUMENT.read_text())
    cells = {"annotator": ("mse",)}
    results = altered(cells, lambda row: {}, seeds=(1,), steps=(500,))
    fill_document(results, document, tmp_path, "make report")
    assert "(nats.png)" in document.read_text()
    assert "nan" not in document.read_text()


def test_a_document_that_does_not_fit_is_left_alone(results, tmp_path):
    document = tmp_path / "EXPERIMENTS.md"
    with pytest.raises(DocumentError, match="EXPERIMENTS.md: no such file"):
        fill_document(results, document, tmp_path / "experiments", "make report")
    document.write_text("# Nothing to fill\n")
    with pytest.raises(DocumentError, match="EXPERIMENTS.md: needs the lines '<!-- begin headline"):
        fill_document(results, document, tmp_path / "experiments", "make report")
    assert document.read_text() == "# Nothing to fill\n"
    assert not (tmp_path / "experiments").exists()
