import pytest
from detectron2.data import DatasetCatalog
from PIL import Image

from tests.model_factory import make_config
from uncertain_densepose.engine.data import inference_loader, spread_records

NAME = "engine_test_records"


@pytest.fixture
def records():
    DatasetCatalog.register(NAME, lambda: [{"image_id": key} for key in range(10)])
    yield
    DatasetCatalog.remove(NAME)


@pytest.mark.parametrize(
    ("count", "expected"),
    [
        (None, range(10)),
        (1, [0]),
        (5, [0, 2, 4, 6, 8]),
        (7, [0, 1, 2, 4, 5, 7, 8]),
        (10, range(10)),
        (40, range(10)),
    ],
)
def test_records_are_spread_over_all_of_the_data_set(records, count, expected):
    assert [record["image_id"] for record in spread_records(NAME, count)] == list(expected)


def test_evaluation_runs_each_picture_alone(records, tmp_path):
    cfg = make_config()
    for key in range(3):
        Image.new("RGB", (30 + key, 40)).save(tmp_path / f"{key}.png")
    found = [{"image_id": key, "file_name": str(tmp_path / f"{key}.png")} for key in range(3)]
    # Padding beside a larger picture would change the answer.
    assert [len(batch) for batch in inference_loader(cfg, found)] == [1, 1, 1]
