"""Records of registered data sets, as a model takes them for inference."""

from __future__ import annotations

from detectron2.config import CfgNode
from detectron2.data import DatasetCatalog, build_detection_test_loader
from torch.utils.data import DataLoader

from ..data import DensePoseDatasetMapper
from ..errors import UserError


def spread_records(dataset_name: str, count: int | None = None) -> list[dict]:
    """Records spread evenly over a data set.

    Args:
        dataset_name: as registered.
        count: how many, at least 1; by default, or if there are fewer, all.
    """
    records = DatasetCatalog.get(dataset_name)
    count = len(records) if count is None else min(count, len(records))
    return [records[index * len(records) // count] for index in range(count)]


class DatasetChoiceError(UserError, ValueError):
    """There is no data set to work on; the message says what to give as --dataset."""


def choose_records(cfg: CfgNode, name: str | None, count: int | None) -> tuple[str, list[dict]]:
    """The name of the data set that a tool works on, and records of it.

    Args:
        cfg: has the default of `name`, the first of `DATASETS.TEST`.
        name: as registered, or None.
        count: as for :func:`spread_records`.

    Raises:
        DatasetChoiceError: there is no such data set.
    """
    if name is None:
        if not cfg.DATASETS.TEST:
            raise DatasetChoiceError("the config names no DATASETS.TEST; give --dataset")
        name = cfg.DATASETS.TEST[0]
    if name not in DatasetCatalog.list():
        raise DatasetChoiceError(
            f"--dataset {name}: there is no data set of this name; register it first"
        )
    return name, spread_records(name, count)


def inference_loader(cfg: CfgNode, records: list[dict]) -> DataLoader:
    """Batches of Detectron2's test input, with the mapper and the workers of a config."""
    return build_detection_test_loader(
        records,
        mapper=DensePoseDatasetMapper(cfg, is_train=False),
        num_workers=cfg.DATALOADER.NUM_WORKERS,
    )
