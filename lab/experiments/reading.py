"""What a trained model says at the annotated points of a set."""

from __future__ import annotations

from dataclasses import fields
from typing import Protocol

import torch

from uncertain_densepose.structures import ChartMaps, PointPredictions
from uncertain_densepose.structures.geometry import DP_EXTENT

from .crop_sets import CropSet
from .outcome import Outcome

BATCH_SIZE = 64
"""People whose maps are in memory at once."""


class CropModel(Protocol):
    """What is read: a :class:`~lab.experiments.crop_model.CropDensePose`, or several fused."""

    @property
    def device(self) -> torch.device:
        """Where its weights are."""

    def predict(self, images: torch.Tensor) -> ChartMaps:
        """Crops (N, 3, S, S) to their charts."""

    def eval(self) -> object:
        """See `torch.nn.Module.eval`."""

    def train(self) -> object:
        """See `torch.nn.Module.train`."""


@torch.inference_mode()
def read_outcome(model: CropModel, crops: CropSet) -> Outcome:
    """Predictions at all annotated points, in the labelled chart and in the predicted one.

    Args:
        model: with weights; it is left in training mode.
        crops: the set.
    """
    model.eval()
    labelled, predicted = [], []
    for start in range(0, len(crops), BATCH_SIZE):
        batch = crops.people(start, min(start + BATCH_SIZE, len(crops)))
        maps = model.predict(batch.image)
        box = batch.labels.person.to(model.device)
        xy_box = batch.labels.xy.to(model.device) / DP_EXTENT
        labelled.append(maps.sample(box, xy_box, batch.labels.part.to(model.device)))
        predicted.append(maps.sample(box, xy_box))
    model.train()
    labels = crops.labels
    points_predicted = _join(predicted)
    shared = labels.shared_variance
    return Outcome(
        person=labels.person,
        part=labels.part,
        part_true=labels.part_true,
        predicted_part=points_predicted.part,
        points=_join(labelled),
        points_predicted=points_predicted,
        uv_label=labels.uv.double(),
        uv_true=labels.uv_true.double(),
        true_shared_variance=None if shared is None else shared.double(),
    )


def _join(batches: list[PointPredictions]) -> PointPredictions:
    """The points of all batches, float64 on the CPU."""

    def joined(name: str) -> torch.Tensor:
        together = torch.cat([getattr(batch, name) for batch in batches]).cpu()
        return together.double() if together.is_floating_point() else together

    names = [f.name for f in fields(batches[0]) if getattr(batches[0], f.name) is not None]
    return PointPredictions(**{name: joined(name) for name in names})
