"""A stand-in of a model for tools/apply_net.py, its pictures, and what came of a run."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest

from tests.model_factory import make_config
from tests.surface_factory import make_tiny_surface
from tests.uncertain_densepose.inference.people_factory import figure_person
from uncertain_densepose.inference import ChartMetric

BOARD = ChartMetric(make_tiny_surface(cells=4))


class FakePredictor:
    """Finds one person in bright images, two in white ones, and nobody in dark ones."""

    score_threshold = 0.5
    metric = BOARD

    def __init__(self, kind: str, weights: Path):
        self.cfg = make_config(kind, "MODEL.WEIGHTS", str(weights))
        self.noise_model = kind != "mse"
        self.images = 0

    def __call__(self, images):
        self.images += len(images)
        return [self.people(image) for image in images]

    def people(self, image):
        size = image.shape[:2]
        count = sum(image.mean() > limit for limit in (90, 250))
        boxes = [(5, 5, 50, 70), (20, 10, 58, 79)][:count]
        people = [
            figure_person(box, size, self.noise_model, score=0.8 - 0.1 * number)
            for number, box in enumerate(boxes)
        ]
        return [replace(person, metric=self.metric) for person in people]


def picture(path: Path, brightness: int) -> Path:
    path.parent.mkdir(exist_ok=True)
    cv2.imwrite(str(path), np.full((80, 60, 3), brightness, dtype=np.uint8))
    return path


def files_of(folder: Path) -> list[str]:
    found = (path for path in folder.rglob("*") if path.is_file())
    return sorted(path.relative_to(folder).as_posix() for path in found)


def failed(run, capsys, status, *arguments, **options) -> str:
    with pytest.raises(SystemExit) as end:
        run(*arguments, **options)
    assert end.value.code == status
    return capsys.readouterr().err
