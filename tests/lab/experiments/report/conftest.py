import pytest

from lab.experiments.report.rows import ExperimentResults, read_rows
from tests.lab.experiments.invented_rows import rows, write_rows


@pytest.fixture(scope="session")
def results(tmp_path_factory):
    """Invented results of all worlds."""
    path = tmp_path_factory.mktemp("experiment") / "rows.csv"
    return ExperimentResults(read_rows(write_rows(path, rows())))


@pytest.fixture
def altered(tmp_path):
    """A function that makes results of some cells, with changed metrics."""

    def make(cells, change, **options):
        table = [row | change(row) for row in rows(cells, **options)]
        return ExperimentResults(read_rows(write_rows(tmp_path / "rows.csv", table)))

    return make
