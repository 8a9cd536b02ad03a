"""Evaluation with test-time augmentation: what is run on which images, and what is reported."""

import json
from pathlib import Path

import pytest
import torch
from detectron2.data import MetadataCatalog
from detectron2.evaluation import DatasetEvaluator

from tests.model_factory import make_config, make_model
from tests.surface_factory import make_tiny_surface
from tests.uncertain_densepose.evaluation.scene import coco, write
from uncertain_densepose.engine import Trainer, box_evaluation, model_evaluation, trainer
from uncertain_densepose.surface import Surface

NAMES = ("tta_test_first", "tta_test_second")


class Recorder(DatasetEvaluator):
    """Counts people and keeps what it was made with."""

    def __init__(self, *made_with):
        self.made_with, self.outputs = made_with, []

    def process(self, inputs, outputs):
        self.outputs += [output["instances"] for output in outputs]

    def evaluate(self):
        return {"people": {"count": float(sum(map(len, self.outputs)))}}


class RecordingTrainer(Trainer):
    """A trainer whose data are one image at random, and its evaluators."""

    evaluators = []

    @classmethod
    def build_test_loader(cls, cfg, dataset_name):
        cls.loader_cfg = cfg
        generator = torch.Generator().manual_seed(0)
        image = torch.randint(0, 256, (3, 80, 110), generator=generator, dtype=torch.uint8)
        return [[{"image": image, "height": 80, "width": 110, "image_id": k}] for k in (1, 2, 3)]

    @classmethod
    def build_evaluator(cls, cfg, dataset_name, *options):
        cls.evaluators.append(Recorder(dataset_name, *options))
        return cls.evaluators[-1]


@pytest.fixture
def cfg(tmp_path):
    surface = tmp_path / "surface.npz"
    make_tiny_surface().save(surface)
    nobody = write(tmp_path / "nobody.json", coco([], num_images=3))
    for name in NAMES:
        MetadataCatalog.get(name).set(densepose_surface=str(surface), json_file=nobody)
    RecordingTrainer.evaluators.clear()
    options = {
        "MODEL.ROI_HEADS.SCORE_THRESH_TEST": 0.0,
        "TEST.DETECTIONS_PER_IMAGE": 2,
        "TEST.AUG.ENABLED": True,
        "TEST.AUG.MIN_SIZES": (64, 80),
        "TEST.AUG.ROTATION_ANGLES": (15,),
        "DENSEPOSE_EVALUATION.GLOBAL_VARIANCE_IMAGES": 0,
        "DATASETS.TRAIN": (),
        "DATASETS.TEST": NAMES[:1],
        "OUTPUT_DIR": str(tmp_path),
    }
    cfg = make_config("full", *(word for pair in options.items() for word in pair))
    cfg.freeze()
    yield cfg
    for name in NAMES:
        MetadataCatalog.remove(name)


def test_images_come_unresized_and_people_with_averaged_charts(cfg, tmp_path):
    results = RecordingTrainer.test_with_TTA(cfg, make_model(cfg))
    assert RecordingTrainer.loader_cfg.INPUT.MIN_SIZE_TEST == 0
    assert cfg.INPUT.MIN_SIZE_TEST > 0
    (recorder,) = RecordingTrainer.evaluators
    name, folder = recorder.made_with
    assert name == NAMES[0] and folder == str(tmp_path / "inference_TTA" / NAMES[0])
    people = recorder.outputs[0]
    assert people.image_size == (80, 110) and len(people.pred_densepose) == 2
    assert results["people_TTA"] == {"count": 6.0}
    assert {"densepose_gps_TTA", "correspondence_TTA", "likelihood_TTA"} < set(results)
    written = json.loads((tmp_path / f"metrics_{NAMES[0]}_TTA.json").read_text())
    assert {f"{task}_TTA" for task in written} == set(results)


def test_results_of_several_data_sets_stay_apart(cfg):
    cfg.defrost()
    cfg.DATASETS.TEST = NAMES
    results = RecordingTrainer.test_with_TTA(cfg, make_model(cfg))
    assert list(results) == [f"{name}_TTA" for name in NAMES]


@pytest.mark.parametrize("flip", [True, False])
def test_the_mirror_is_that_of_the_data_and_only_read_to_flip(cfg, monkeypatch, flip):
    cfg.defrost()
    cfg.TEST.AUG.FLIP = flip
    MetadataCatalog.get(NAMES[0]).set(densepose_chart_mirror="no_such_table.mat")
    # Without the mirror there is no evaluation to wait for.
    monkeypatch.setattr(trainer, "inference_on_dataset", lambda *_: {"people": {"count": 0}})
    if not flip:
        assert RecordingTrainer.test_with_TTA(cfg, make_model(cfg))
        return
    with pytest.raises(ValueError, match="no_such_table.mat"):
        RecordingTrainer.test_with_TTA(cfg, make_model(cfg))


def test_both_evaluations_share_the_surface_and_the_global_variance(cfg, monkeypatch):
    calls = []
    load = Surface.load
    monkeypatch.setattr(Surface, "load", lambda path: calls.append("surface") or load(path))
    monkeypatch.setattr(
        model_evaluation, "measure_global_variance", lambda *_: calls.append("variance") or 0.01
    )
    cfg.defrost()
    cfg.DATASETS.TEST = NAMES
    for module in (box_evaluation, trainer):
        monkeypatch.setattr(module, "inference_on_dataset", lambda *_: {})
    RecordingTrainer.evaluate(cfg, make_model(cfg))
    assert calls == ["surface", "variance"]
    # Those without an augmentation are asked for as Detectron2 does, without a folder.
    folders = [
        [Path(p).parent.name for p in one.made_with[1:]] for one in RecordingTrainer.evaluators
    ]
    assert folders == [[]] * 2 + [["inference_TTA"]] * 2
