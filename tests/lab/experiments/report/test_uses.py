import csv
import shutil
from pathlib import Path

import pytest

from lab.experiments.report.rows import DocumentError
from lab.experiments.report.uses import FIGURE, NO_FUSIONS, write_uses
from lab.experiments.result_table import ROW_COLUMNS
from tests.lab.experiments.invented_rows import rows, write_rows
from tests.lab.experiments.report.tables import read_tables
from uncertain_densepose.inference.fusion import FUSION_RULES

DOCUMENT = Path(__file__).parents[4] / "docs" / "USES.md"
MEMBERS, FUSIONS = 2, 3
CLICKS = {0: 1.0, 1: 0.8, 2: 0.7}
"""Number of clicks to the share of the error that is left."""


@pytest.fixture
def files(tmp_path):
    """Invented members, fusions and clicks. A fusion is 1 or 2 better than its members."""
    gain = {rule: number for number, rule in enumerate(FUSION_RULES, start=1)}
    alone = list(rows({"annotator": ("full",)}, range(1, MEMBERS * FUSIONS + 1), (800,)))
    for row in alone:
        row["within_5cm_truth_given"] = str(40 + row["seed"])
    fused = [
        row
        | {"model": f"full/{rule}", "within_5cm_truth_given": str(42 + gain[rule] + row["seed"])}
        for rule in FUSION_RULES
        for row in rows({"annotator": ("full",)}, (1, 2, 3), (800,), stage="fused")
    ]
    clicks = [
        {name: row.get(name) for name in ROW_COLUMNS}
        | {"stage": "clicks", "clicks": number}
        | {f"error_uv_{r}": 0.1 * share * row["seed"] for r in ("labels", "truth")}
        for row in rows({"annotator": ("full",)}, (1, 2), (800,))
        for number, share in CLICKS.items()
    ]
    paths = [write_rows(tmp_path / "alone.csv", alone), write_rows(tmp_path / "fused.csv", fused)]
    return (*paths, write_clicks(tmp_path / "clicks.csv", clicks))


def write_clicks(path, clicks):
    with open(path, "w", newline="") as file:
        writer = csv.DictWriter(file, list(clicks[0]))
        writer.writeheader()
        writer.writerows(clicks)
    return str(path)


def table_of(document, title):
    """The one table of a document whose title begins so."""
    tables = read_tables(Path(document).read_text())
    (found,) = (table for name, table in tables if name.startswith(title))
    return found


@pytest.fixture
def document(tmp_path):
    return shutil.copy(DOCUMENT, tmp_path / "USES.md")


def test_experiments_are_not_mixed(files, document, tmp_path):
    longer = list(rows({"annotator": ("full",)}, (1, 2), (1600,)))
    with open(files[2], newline="") as file:
        clicks = [row | {"steps": "1600"} for row in csv.DictReader(file)]
    others = (
        write_rows(tmp_path / "longer.csv", longer),
        tmp_path / "none.csv",
        write_clicks(tmp_path / "longer_clicks.csv", clicks),
    )
    write_uses([others, files], document, "make uses")
    fusion = table_of(document, "Against the clean truth, given the part")
    assert {row["5 cm"] for row in fusion if row["models"] == "alone"} == {"43.50 ± 2.00"}
    measured = [(row["steps"], row["seeds"]) for row in table_of(document, "Mean error of")]
    assert measured == [("800", "2")] * 2 + [("1600", "2")] * 2


@pytest.mark.filterwarnings("error")
def test_fusions_stand_beside_the_mean_of_their_members(files, document):
    write_uses([files], document, "make uses")
    table = table_of(document, "Against the clean truth, given the part")
    five = {row["models"]: row["5 cm"] for row in table}
    assert five["alone"] == "43.50 ± 2.00"  # 41.5, 43.5, 45.5
    assert five["average"] == "45.00 ± 1.00"
    assert five["joint − average"] == "**+2.00 ± 0.00**"
    assert five["alone − average"] == "**-1.50 ± 1.00**"


def test_clicks_are_told_as_a_change_of_the_error(files, document, tmp_path):
    write_uses([files], document, "make uses")
    table = table_of(document, "Mean error of")
    assert {row["clicks and error"] for row in table} == {"labels", "truth"}
    for row in table:
        assert row["0 clicks (10⁻³ uv)"] == "150.0 ± 70.7"
        assert row["1 click (%)"] == "-20.0 ± 0.0" and row["2 clicks (%)"] == "-30.0 ± 0.0"
    assert (tmp_path / FIGURE).stat().st_size > 5000


def test_without_fusions_the_document_says_so(files, document, tmp_path):
    write_uses([(files[0], tmp_path / "none.csv", files[2])], document, "make uses")
    assert NO_FUSIONS in Path(document).read_text()


def test_without_measured_clicks_there_is_no_document(files, document, tmp_path):
    before = Path(document).read_text()
    with pytest.raises(DocumentError, match="no clicks have been measured"):
        write_uses([(*files[:2], tmp_path / "none.csv")], document, "make uses")
    assert Path(document).read_text() == before
