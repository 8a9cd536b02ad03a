import pytest
import torch

from lab.experiments import reading
from lab.experiments.crop_model import build_crop_model
from lab.experiments.crop_sets import load_sets
from lab.experiments.reading import read_outcome

SIDE = 32


@pytest.fixture(scope="module")
def crops(crop_folder):
    return load_sets(crop_folder, "annotator", SIDE, validation_share=0.2)[1]


@pytest.fixture
def model(tiny_experiment):
    cfg = tiny_experiment("MODEL.ROI_DENSEPOSE_HEAD.UV_CONFIDENCE.TYPE", "full")
    model = build_crop_model(cfg, 0)
    # Charts and coordinates that differ from point to point.
    for parameter in model.densepose_predictor.parameters():
        torch.nn.init.normal_(parameter, std=0.1)
    return model.train()


def test_every_point_is_read_in_its_own_crop(crops, model, monkeypatch):
    monkeypatch.setattr(reading, "BATCH_SIZE", 3)
    outcome = read_outcome(model, crops)
    assert model.training
    model.eval()
    with torch.no_grad():
        maps = model.predict(crops.image)
    for index in range(0, len(outcome), 5):
        box = outcome.person[index : index + 1]
        xy = crops.labels.xy[index : index + 1] / 255
        for part, points in ((outcome.part, outcome.points), (None, outcome.points_predicted)):
            chart = None if part is None else part[index : index + 1]
            expected = maps.sample(box, xy, chart)
            assert expected.part == points.part[index]
            for name in ("mean_uv", "variance", "direction", "shared_covariance"):
                found = getattr(points, name)
                assert found.dtype == torch.float64
                torch.testing.assert_close(found[index].float(), getattr(expected, name)[0])
    assert torch.equal(outcome.predicted_part, outcome.points_predicted.part)
    assert len(set(outcome.predicted_part.tolist())) > 1


def test_labels_and_truth_go_along(crops, model):
    outcome, labels = read_outcome(model, crops), crops.labels
    assert torch.equal(outcome.part, labels.part)
    assert torch.equal(outcome.part_true, labels.part_true)
    assert not torch.equal(outcome.part, outcome.part_true)
    assert torch.equal(outcome.uv_label, labels.uv.double())
    assert torch.equal(outcome.uv_true, labels.uv_true.double())
    assert torch.equal(outcome.true_shared_variance, labels.shared_variance.double())
    assert outcome.person.max() == len(crops) - 1
