"""MODEL_ZOO.md is made from the index."""

from pathlib import Path

import pytest

from lab.releases.page import RESULTS, duration, zoo_page
from tests.published_models import NAME
from tests.release_factory import METRICS, TRAINING, release_of
from uncertain_densepose.model_zoo import BUILTIN

PAGE = Path(__file__).parents[3] / "MODEL_ZOO.md"


def cells(page: str, first: str) -> list[list[str]]:
    """The rows of tables that begin with a cell."""
    rows = [line.strip("|").split("|") for line in page.splitlines() if line.startswith("|")]
    rows = [[cell.strip() for cell in row] for row in rows]
    return [row for row in rows if row[0] == first]


def test_the_page_in_the_repository_is_that_of_the_index():
    assert PAGE.read_text() == zoo_page(BUILTIN), "run `python -m lab.zoo_page > MODEL_ZOO.md`"


def test_models_that_are_not_released_say_what_they_are_and_how_they_are_made(zoo):
    page = zoo_page(zoo)
    for name in zoo.names():
        ((_, *network, made_by),) = cells(page, f"[{name}](configs/{name}.yaml)")
        assert network == ["ResNet-50", "DensePoseV1ConvXHead", "iid_iso"]
        assert made_by == f"`{zoo.training_command(name)}`"
    assert "Released models" not in page and "Published by" not in page


def test_published_models_have_their_authors_numbers_and_are_not_to_be_trained(published):
    zoo, file, *_ = published
    page = zoo_page(zoo)
    (row,) = cells(page, f"[{NAME}](configs/{NAME}.yaml)")
    network = ["narrow ResNet-18", "DensePoseV1ConvXHead", "indep_aniso"]
    address = zoo.published()[NAME].address
    assert row[1:] == [*network, "60.7", "66.9", "64.2", "65.7", f"[{file.name}]({address})"]
    assert "licensed under CC BY-SA 3.0 ([their page](https://example.org/zoo))" in page
    assert "Not released yet" not in page and zoo.training_command(NAME) not in page
    plain = cells(
        zoo_page(BUILTIN), "[densepose/R_50_FPN_s1x](configs/densepose/R_50_FPN_s1x.yaml)"
    )
    assert plain[0][3] == "–"


def test_tables_of_a_training_set_begin_with_the_smaller_backbones():
    page = zoo_page(BUILTIN).split("Trained on densepose_coco_2014_train")[1]
    rows = [line.split("|")[2].strip() for line in page.splitlines() if "](configs/" in line]
    order = ["ResNet-50", "ResNet-101"]
    assert rows == sorted(rows, key=order.index) and set(rows) == set(order)


def test_a_released_model_has_its_file_and_what_made_it(zoo, file):
    zoo.add("wide", release_of(file, "https://example.org/zoo"), file.parent)
    (row,) = cells(zoo_page(zoo), "[wide](configs/wide.yaml)")
    pickled = "[.pkl](https://example.org/zoo/model_final_fedcba.pkl)"
    assert row[1] == f"[{file.name}](https://example.org/zoo/{file.name}), {pickled}"
    assert row[2] == release_of(file).sha256[:16]
    assert row[3:] == [
        *("Apache-2.0", "1", "0123456789ab", "2500", "25 min", "1234 MiB"),
        "x86_64 cpu, 2 threads",
    ]
    training = TRAINING | {"processes": 8, "device": "GPU"}
    zoo.add("wide", release_of(file, training=training), file.parent)
    (row,) = cells(zoo_page(zoo), "[wide](configs/wide.yaml)")
    assert row[1] == f"{file.name}, in the package" and row[-1] == "8 x GPU"


def test_a_released_model_has_what_it_reaches(zoo, file):
    zoo.add("wide", release_of(file), file.parent)
    results, labels = cells(zoo_page(zoo), "wide")
    assert len(results) == 1 + len(RESULTS)
    assert results[1:6] == ["61.2", "30.0", "–", "-1.234", "–"]
    assert labels == ["wide", "the labels", "4.0", "8.0", "12.0", "20.0", "40.0", "80.0"]


def test_distances_to_the_truth_are_there_where_it_is_known(zoo, file):
    points = METRICS["correspondence_gt_boxes"] | {"within_5cm_true": 33.333}
    zoo.add("wide", release_of(file, metrics={"correspondence_gt_boxes": points}), file.parent)
    assert cells(zoo_page(zoo), "wide")[-1] == ["wide", "the truth", *"–––", "33.3", *"––"]


@pytest.mark.parametrize(
    "seconds, text", [(3, "1 min"), (1500, "25 min"), (3600, "1 h 0 min"), (12_000, "3 h 20 min")]
)
def test_times_are_read_in_hours_and_minutes(seconds, text):
    assert duration(seconds) == text
