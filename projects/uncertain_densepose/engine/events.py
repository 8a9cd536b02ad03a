"""Results of an evaluation outside training, written where Detectron2 writes those of training."""

from __future__ import annotations

import os
from collections.abc import Mapping

from detectron2.evaluation.testing import flatten_results_dict
from detectron2.utils import comm
from detectron2.utils.events import EventStorage, JSONWriter, TensorboardXWriter
from detectron2.utils.file_io import PathManager


def write_events(output_dir: str, results: Mapping, iteration: int) -> None:
    """Append results to `metrics.json` and the tensorboard events of a folder, in the main process.

    Args:
        output_dir: created if it does not exist.
        results: {task: {metric: value}}, of any depth.
        iteration: of the training after which the model was evaluated.
    """
    if not comm.is_main_process():
        return
    PathManager.mkdirs(output_dir)
    writers = [JSONWriter(os.path.join(output_dir, "metrics.json")), TensorboardXWriter(output_dir)]
    with EventStorage(iteration) as storage:
        storage.put_scalars(**flatten_results_dict(results), smoothing_hint=False)
        for writer in writers:
            writer.write()
            writer.close()
