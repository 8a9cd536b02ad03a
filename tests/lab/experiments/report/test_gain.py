import pytest

from lab.experiments.report.gain import controls, headline, training_length, verdict
from tests.lab.experiments.invented_rows import STEPS, value
from tests.lab.experiments.report.tables import read_tables


def set_gains(**by_seed):
    """A change of rows: within_1cm_truth_given of `full` is that of `mse`, 10, and the gain."""

    def change(row):
        gain = by_seed[row["world"]][row["seed"] - 1] if row["model"] == "full" else 0
        return {"within_1cm_truth_given": str(10 + row["seed"] + gain)}

    return change


@pytest.mark.parametrize(
    ("gains", "expected"),
    [
        ((1.0, 2.0, 1.5), "better at 1 cm"),
        ((-1.0, -2.0, -1.5), "worse at 1 cm"),
        ((-1.0, 2.0, 0.5), "within the seeds' spread at 1 cm"),
    ],
)
def test_the_verdict_compares_the_paired_difference_with_its_spread(altered, gains, expected):
    results = altered({"iid": ("mse", "full")}, set_gains(iid=gains))
    assert expected in verdict(results, "iid", "full")


def test_one_seed_has_no_verdict(altered):
    results = altered({"iid": ("mse", "full")}, set_gains(iid=(1.0,)), seeds=(1,))
    assert "no spread" in verdict(results, "iid", "full")


def test_the_headline_has_the_difference_of_every_model(altered):
    results = altered({"shared": ("mse", "iid_iso", "full")}, set_gains(shared=(1.0, 2.0, 1.5)))
    text = headline(results)
    (above, rows), *others = read_tables(text)
    assert above == "`shared`, against the clean truth, given the part (percentage points)"
    assert [row["difference"] for row in rows] == ["iid_iso − mse", "full − mse"]
    assert rows[1]["1 cm"] == "**+1.50 ± 0.50**"
    assert rows[0]["1 cm"] == "+0.00 ± 0.00"
    assert rows[1]["paired seeds"] == "3"
    assert len(others) == 2
    assert text.startswith(verdict(results, "shared", "full"))


def test_controls_say_how_much_of_the_gain_is_left_without_noise(altered):
    cells = dict.fromkeys(("annotator", "iid", "clean"), ("mse", "full"))
    gains = {"annotator": (2.0, 2.0, 2.0), "iid": (-0.5, 0.0, 0.5), "clean": (1.0, 1.5, 0.5)}
    (_, by_world), (_, shares) = read_tables(controls(altered(cells, set_gains(**gains))))
    assert [row["1 cm"] for row in by_world] == [
        "**+2.00 ± 0.00**",
        "+0.00 ± 0.50",
        "**+1.00 ± 0.50**",
    ]
    assert [(row["control"], row["1 cm"]) for row in shares] == [("iid", "0"), ("clean", "50")]


def test_no_share_of_what_is_no_gain(altered):
    cells = dict.fromkeys(("annotator", "clean"), ("mse", "full"))
    gains = {"annotator": (-1.0, 2.0, 0.5), "clean": (1.0, 1.0, 1.0)}
    _, (_, shares) = read_tables(controls(altered(cells, set_gains(**gains))))
    assert shares[0]["1 cm"] == "–"


def test_training_length_has_a_row_for_each(results):
    tables = dict(read_tables(training_length(results)))
    above = "`annotator`, AUC10 against the clean truth, given the part (%)"
    assert [row["steps"] for row in tables[above]] == [str(steps) for steps in STEPS]
    mean = sum(value("AUC10_truth_given", "annotator", "full", s, 1000) for s in (1, 2, 3)) / 3
    assert float(tables[above][1]["full"].split(" ± ")[0]) == pytest.approx(mean, abs=0.006)


def test_worlds_and_models_that_are_missing_leave_gaps(altered):
    results = altered({"annotator": ("mse",), "rain": ("full",)}, lambda row: {})
    for table in (headline, controls, training_length):
        assert "nan" not in table(results)
