"""People in images on disk, and untrained models: what is fitted to annotations needs both."""

from contextlib import contextmanager

import cv2
import numpy as np
import pytest
import torch
from detectron2.data import DatasetCatalog, MetadataCatalog

from tests.model_factory import make_config, make_model
from tests.uncertain_densepose.evaluation.scene import HEIGHT, WIDTH, coco, write
from uncertain_densepose.data.coco_densepose import register_densepose_json


@contextmanager
def registered(name, folder, annotations, num_images):
    """Annotations of images 1 .. num_images of noise, as a data set without a surface."""
    rng = np.random.default_rng(1)
    write(folder / "val.json", coco(annotations, num_images))
    for key in range(1, num_images + 1):
        image = rng.integers(0, 256, (HEIGHT, WIDTH, 3), dtype=np.uint8)
        cv2.imwrite(str(folder / f"{key}.jpg"), image)
    register_densepose_json(name, folder / "val.json", folder, folder / "none.npz", "")
    try:
        yield name
    finally:
        DatasetCatalog.remove(name)
        MetadataCatalog.remove(name)


def write_untrained(folder, noise_model, dataset) -> list[str]:
    """Write config and weights of an untrained model; the arguments of tools that take them."""
    options = ["DATASETS.TEST", (dataset,), "DATALOADER.NUM_WORKERS", 0]
    cfg = make_config(noise_model, *options, "INPUT.MIN_SIZE_TEST", 96)
    (folder / "model.yaml").write_text(cfg.dump())
    torch.save({"model": make_model(cfg).state_dict()}, folder / "model.pth")
    config, weights = (str(folder / f"model.{kind}") for kind in ("yaml", "pth"))
    return ["--config-file", config, "--weights", weights, "--device", "cpu"]


def refused(tool, capsys, *arguments) -> str:
    """The line with which a tool ends that was called wrongly."""
    with pytest.raises(SystemExit) as end:
        tool.main([str(argument) for argument in arguments])
    assert end.value.code == 2
    return capsys.readouterr().err.splitlines()[-1]
