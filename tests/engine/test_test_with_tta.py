"""Evaluation with test-time augmentation: what is run on which images, and what is reported."""

import json

import pytest
import torch
from detectron2.data import MetadataCatalog
from detectron2.evaluation import DatasetEvaluator
from model_factory import make_config, make_model
from surface_factory import make_tiny_surface

from uncertain_densepose.engine import Trainer
from uncertain_densepose.modeling.test_time_augmentation import DensePoseRCNNWithTTA

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
    """A trainer whose data are one image at random."""

    @classmethod
    def build_test_loader(cls, cfg, dataset_name):
        cls.loader_cfg = cfg
        generator = torch.Generator().manual_seed(0)
        image = torch.randint(0, 256, (3, 80, 110), generator=generator, dtype=torch.uint8)
        return [[{"image": image, "height": 80, "width": 110}]] * 3

    @classmethod
    def build_evaluator(cls, cfg, dataset_name, *options):
        cls.evaluator = Recorder(dataset_name, *options)
        return cls.evaluator


@pytest.fixture
def cfg(tmp_path):
    surface = tmp_path / "surface.npz"
    make_tiny_surface().save(surface)
    for name in NAMES:
        MetadataCatalog.get(name).set(densepose_surface=str(surface))
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
    recorder = RecordingTrainer.evaluator
    assert recorder.made_with[0] == NAMES[0] and recorder.made_with[-1] == "inference_TTA"
    people = recorder.outputs[0]
    assert people.image_size == (80, 110) and len(people.pred_densepose) == 2
    assert results == {"people_TTA": {"count": 6.0}}
    written = json.loads((tmp_path / f"metrics_{NAMES[0]}_TTA.json").read_text())
    assert written == {"people": {"count": 6.0}}


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
    monkeypatch.setattr(DensePoseRCNNWithTTA, "_inference_one_image", lambda *_: {"instances": []})
    if not flip:
        assert RecordingTrainer.test_with_TTA(cfg, make_model(cfg))
        return
    with pytest.raises(ValueError, match="no_such_table.mat"):
        RecordingTrainer.test_with_TTA(cfg, make_model(cfg))
