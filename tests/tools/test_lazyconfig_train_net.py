"""The python configs, and the tool that trains and evaluates them."""

import functools
import json

import pytest
import torch
from detectron2.config import LazyConfig, instantiate
from detectron2.modeling import build_model

from tests.tiny_training import lazy_train_net, trained_folder
from uncertain_densepose.config import load_config
from uncertain_densepose.modeling.noise_models import NOISE_MODEL_REGISTRY

OF_YAML = {"configs/lazy/synth_unc_full.py": "configs/synth/unc_full.yaml"} | {
    f"configs/lazy/unc_{name}.py": f"configs/unc_{name}.yaml"
    for name in ("mse", "iid", "aniso", "full", "full_similarity")
}
METRICS = "metrics_synth_people_tiny_val.json"


def settings(loss) -> dict:
    """What a loss is set to; a partial function by what it calls, since it equals itself alone."""
    values = {k: v for k, v in vars(loss).items() if k != "noise_model"}
    made = values["coarse_labels"]
    if isinstance(made, functools.partial):
        values["coarse_labels"] = (made.func, made.args, made.keywords)
    return values


@pytest.mark.parametrize("lazy", OF_YAML)
def test_a_python_config_says_what_its_yaml_says(lazy):
    python = LazyConfig.load(lazy)
    yaml = load_config(OF_YAML[lazy], ["MODEL.DEVICE", "cpu"])
    confidence = yaml.MODEL.ROI_DENSEPOSE_HEAD.UV_CONFIDENCE
    noise_model = instantiate(python.model.roi_heads.densepose_predictor.noise_model)
    assert type(noise_model) is NOISE_MODEL_REGISTRY.get(confidence.TYPE)
    loss = instantiate(python.model.roi_heads.densepose_loss)
    assert type(loss.noise_model) is type(noise_model)
    assert loss.warm_start_iters == confidence.WARM_START_ITERS
    assert (noise_model.epsilon, noise_model.reference_variance) == (
        confidence.EPSILON,
        confidence.REFERENCE_VARIANCE,
    )
    assert python.train.max_iter == yaml.SOLVER.MAX_ITER
    assert python.train.init_checkpoint == yaml.MODEL.WEIGHTS
    assert python.train.output_dir == yaml.OUTPUT_DIR
    assert python.optimizer.lr == yaml.SOLVER.BASE_LR
    assert python.optimizer.weight_decay == yaml.SOLVER.WEIGHT_DECAY
    assert python.optimizer.max_norm == yaml.SOLVER.CLIP_GRADIENTS.CLIP_VALUE
    assert python.dataloader.train.total_batch_size == yaml.SOLVER.IMS_PER_BATCH
    assert tuple(python.dataloader.train.dataset.names) == yaml.DATASETS.TRAIN
    assert (python.dataloader.test.dataset.names,) == yaml.DATASETS.TEST
    resize = python.dataloader.train.mapper.augmentations[0]
    assert tuple(resize.short_edge_length) == yaml.INPUT.MIN_SIZE_TRAIN
    assert resize.max_size == yaml.INPUT.MAX_SIZE_TRAIN


@pytest.mark.parametrize("lazy", ["configs/lazy/synth_unc_full.py", "configs/lazy/unc_full.py"])
def test_the_models_are_the_same(lazy):
    python = instantiate(LazyConfig.load(lazy).model).eval()
    yaml = build_model(load_config(OF_YAML[lazy], ["MODEL.DEVICE", "cpu"])).eval()
    shapes = [{k: v.shape for k, v in m.state_dict().items()} for m in (python, yaml)]
    assert shapes[0] == shapes[1]
    trained = [
        {name for name, parameter in m.named_parameters() if parameter.requires_grad}
        for m in (python, yaml)
    ]
    assert trained[0] == trained[1]
    assert settings(python.roi_heads.densepose_loss) == settings(yaml.roi_heads.densepose_loss)

    with torch.no_grad():
        # Untrained, the fifty layers of a ResNet overflow otherwise, and nothing is detected.
        for parameter in yaml.backbone.bottom_up.parameters():
            parameter.mul_(0.3)
    python.load_state_dict(yaml.state_dict())
    image = 255 * torch.rand(3, 96, 128, generator=torch.Generator().manual_seed(0))
    found = []
    with torch.no_grad():
        for model in (python, yaml):
            model.roi_heads.box_predictor.test_score_thresh = 0.0
            model.roi_heads.box_predictor.test_topk_per_image = 2
            (people,) = model([{"image": image, "height": 96, "width": 128}])
            found.append(people["instances"])
    assert len(found[0]) == len(found[1]) == 2
    assert found[0].pred_boxes.tensor.equal(found[1].pred_boxes.tensor)
    for name in ("coarse_segm", "fine_segm", "u", "v", "variance", "direction"):
        a, b = (getattr(people.pred_densepose, name) for people in found)
        torch.testing.assert_close(a, b, msg=name)


def test_training_goes_on_and_ends_with_all_metrics(tiny_data_root, tmp_path):
    done = lazy_train_net(tiny_data_root, tmp_path, "train.max_iter=1")
    assert done.returncode == 0, done.stderr[-3000:]
    done = lazy_train_net(tiny_data_root, tmp_path, "--resume")
    assert done.returncode == 0, done.stderr[-3000:]
    assert "Starting training from iteration 1" in done.stdout
    assert (tmp_path / "model_final.pth").exists() and (tmp_path / "config.yaml").exists()
    metrics = json.loads((tmp_path / METRICS).read_text())
    assert {"bbox", "densepose_gpsm", "correspondence", "likelihood_gt_boxes"} < set(metrics)


def test_evaluation_gives_the_numbers_of_the_other_tool(tiny_data_root, tmp_path):
    trained = trained_folder(tiny_data_root)
    done = lazy_train_net(
        tiny_data_root,
        tmp_path,
        "--eval-only",
        f"train.init_checkpoint={trained / 'model_final.pth'}",
    )
    assert done.returncode == 0, done.stderr[-3000:]
    assert (tmp_path / METRICS).read_text() == (trained / METRICS).read_text()
    (line,) = (tmp_path / "metrics.json").read_text().splitlines()
    assert json.loads(line)["iteration"] == 2


def test_missing_weights_are_named_in_one_line(tiny_data_root, tmp_path):
    done = lazy_train_net(tiny_data_root, tmp_path, "--eval-only", "train.init_checkpoint=none.pth")
    assert done.returncode == 1 and "Traceback" not in done.stderr
    assert done.stderr.strip().splitlines()[-1].startswith("error: ")
    assert "none.pth" in done.stderr


def test_a_misspelt_key_is_told_in_one_line(tmp_path):
    done = lazy_train_net(tmp_path, tmp_path / "out", "train.max_itr=2")
    assert done.returncode == 1 and "Traceback" not in done.stderr
    last = done.stderr.strip().splitlines()[-1]
    assert last.startswith("error: train.max_itr=2: the config has no such key; did you mean train")
    assert not (tmp_path / "out").exists()
