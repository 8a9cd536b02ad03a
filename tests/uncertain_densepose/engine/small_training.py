"""A training of a few steps within the process of a test."""

from contextlib import contextmanager
from pathlib import Path

import torch
from detectron2.data import DatasetCatalog, MetadataCatalog

from tests.model_factory import make_config
from uncertain_densepose.data import register_densepose_coco
from uncertain_densepose.engine import Trainer

DATASET = "small_training"


@contextmanager
def registered_tiny(root: Path):
    """The `tiny` set of a data root, under the name of `DATASET`."""
    folder = root / "synth_people_tiny"
    surface = root / "embedded_surface.npz"
    register_densepose_coco(DATASET, folder / "train.json", folder / "images", surface)
    try:
        yield
    finally:
        DatasetCatalog.remove(DATASET)
        MetadataCatalog.remove(DATASET)


def trainer_of(out: Path, *overrides) -> Trainer:
    """A trainer that keeps a checkpoint of each of its four steps and evaluates nothing."""
    options = {
        "DATASETS.TRAIN": (DATASET,),
        "DATASETS.TEST": (),
        "DATALOADER.NUM_WORKERS": 0,
        "SOLVER.IMS_PER_BATCH": 2,
        "SOLVER.MAX_ITER": 4,
        "SOLVER.STEPS": (),
        "SOLVER.CHECKPOINT_PERIOD": 1,
        "OUTPUT_DIR": str(out),
        "SEED": 3,
        "MODEL.ROI_HEADS.BATCH_SIZE_PER_IMAGE": 16,
        "MODEL.ROI_HEADS.POSITIVE_FRACTION": 0.5,
    }
    words = [word for pair in options.items() for word in pair]
    cfg = make_config("full", *words, *overrides)
    torch.manual_seed(0)
    return Trainer(cfg)


def train(out: Path, *overrides, resume: bool = False) -> Trainer:
    """Run it, from the first step or from the last checkpoint."""
    trainer = trainer_of(out, *overrides)
    trainer.resume_or_load(resume)
    trainer.train()
    return trainer


def state(out: Path, name: str = "model_final") -> dict[str, torch.Tensor]:
    """All tensors of a checkpoint, of the model and of the optimiser, by name."""
    content = torch.load(out / f"{name}.pth", weights_only=True)
    tensors = dict(content["model"])
    for key, values in content["trainer"]["_trainer"]["optimizer"]["state"].items():
        tensors |= {f"{key}.{name}": torch.as_tensor(value) for name, value in values.items()}
    return tensors


def differing(ours: dict[str, torch.Tensor], theirs: dict[str, torch.Tensor]) -> list[str]:
    """The names of tensors that differ in any bit."""
    assert ours.keys() == theirs.keys()
    return [name for name in ours if not torch.equal(ours[name], theirs[name])]


def train_in_a_process(root: Path, out: Path, resume: bool, *overrides) -> None:
    """`train` as the target of a process of its own."""
    torch.set_num_threads(1)
    with registered_tiny(root):
        train(out, *overrides, resume=resume)
