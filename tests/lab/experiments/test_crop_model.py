import pytest
import torch
from detectron2.modeling import build_model
from detectron2.utils.events import EventStorage

from lab.experiments.crop_model import build_crop_model
from lab.experiments.settings import load_experiment
from tests.model_factory import NOISE_MODELS, make_points
from uncertain_densepose.config import ConfigError

SIDE = 32


def config(tiny_experiment, noise_model="full", *overrides):
    return tiny_experiment("MODEL.ROI_DENSEPOSE_HEAD.UV_CONFIDENCE.TYPE", noise_model, *overrides)


def crops(count=3, seed=0):
    generator = torch.Generator().manual_seed(seed)
    shape = (3, SIDE, SIDE)
    return [
        {
            "image": torch.randint(0, 256, shape, generator=generator, dtype=torch.uint8),
            "densepose": make_points(9 + k, seed=k, coarse=True),
        }
        for k in range(count)
    ]


@pytest.mark.parametrize("noise_model", NOISE_MODELS)
def test_every_noise_model_trains_all_of_its_layers(tiny_experiment, noise_model):
    model = build_crop_model(config(tiny_experiment, noise_model), seed=0).train()
    with EventStorage():
        losses = model(crops())
    sum(losses.values()).backward()
    branch = [*model.densepose_head.parameters(), *model.densepose_predictor.parameters()]
    assert all(p.grad is not None and p.grad.isfinite().all() for p in branch)
    assert all(p.grad.abs().sum() > 0 for p in branch)
    assert model.backbone.bottom_up.stem.conv1.weight.grad.abs().sum() > 0


def test_it_is_registered_with_detectron2_and_predicts_a_box_a_crop(tiny_experiment):
    model = build_model(config(tiny_experiment)).eval()
    items = crops()
    with torch.no_grad():
        predicted = model(items)
        whole = model.predict(torch.stack([item["image"] for item in items]))
    assert len(predicted) == len(items)
    for index, item in enumerate(predicted):
        assert len(item["densepose"]) == 1
        assert item["densepose"].side == SIDE // 2
        torch.testing.assert_close(item["densepose"].u, whole.u[index : index + 1])


def test_models_of_a_seed_start_alike_in_all_that_they_share(tiny_experiment):
    states = {
        name: build_crop_model(config(tiny_experiment, name), seed=3).state_dict()
        for name in NOISE_MODELS
    }
    common = set.intersection(*map(set, states.values()))
    assert {"densepose_predictor.u_lowres.weight", "backbone.fpn_output2.weight"} <= common
    for state in states.values():
        for name in common:
            assert torch.equal(state[name], states["mse"][name])
    # and the noise of the joint model's points like that of the independent ones'
    own = set(states["indep_aniso"]) - common
    assert own and all(torch.equal(states["full"][n], states["indep_aniso"][n]) for n in own)


def test_another_seed_is_another_start(tiny_experiment):
    first, second = (build_crop_model(config(tiny_experiment), seed=s) for s in (1, 2))
    name = "densepose_predictor.u_lowres.weight"
    assert not torch.equal(first.state_dict()[name], second.state_dict()[name])


def test_maps_of_another_size_are_refused(tiny_experiment):
    cfg = config(tiny_experiment, "mse", "MODEL.ROI_DENSEPOSE_HEAD.HEATMAP_SIZE", "48")
    with pytest.raises(ConfigError, match="HEATMAP_SIZE is 48, but .* make maps of 16"):
        build_model(cfg)


def test_weights_of_the_config_replace_what_they_have(tiny_experiment, tmp_path):
    other = build_crop_model(config(tiny_experiment), seed=8).state_dict()
    backbone = {name: values for name, values in other.items() if name.startswith("backbone.")}
    torch.save({"model": backbone}, tmp_path / "backbone.pth")
    cfg = config(tiny_experiment, "full", "MODEL.WEIGHTS", str(tmp_path / "backbone.pth"))
    found = build_crop_model(cfg, seed=3).state_dict()
    plain = build_crop_model(config(tiny_experiment), seed=3).state_dict()
    for name, values in found.items():
        assert torch.equal(values, (backbone if name in backbone else plain)[name])


def test_crops_have_one_order_of_colours(tiny_experiment):
    with pytest.raises(ConfigError, match="INPUT.FORMAT is 'BGR', but crops are RGB"):
        build_model(config(tiny_experiment, "mse", "INPUT.FORMAT", "BGR"))


@pytest.mark.slow
def test_the_model_for_a_gpu_makes_maps_of_denseposes_size():
    cfg = load_experiment("configs/experiments/four_losses_gpu.yaml", ["MODEL.DEVICE", "cpu"])
    model = build_model(cfg).eval()
    assert len(model.backbone.bottom_up.res4) == 6
    with torch.no_grad():
        maps = model.predict(torch.zeros(1, 3, 224, 224))
    assert maps.side == 112
