"""Results of an evaluation outside training, where Detectron2 writes those of training."""

from __future__ import annotations

import os
from collections.abc import Mapping

from detectron2.evaluation.testing import flatten_results_dict
from detectron2.utils import comm
from detectron2.utils.events import EventStorage, JSONWriter, TensorboardXWriter
from detectron2.utils.file_io import PathManager


def write_events(output_dir: str, results: Mapping, iteration: int) -> None:
    """Append results to `metrics.json` and to the tensorboard events of an output folder.

    Only the main process writes.

    Args:
        output_dir: made if absent.
        results: {task: {metric: value}}, of whatever depth.
        iteration: after which the model was evaluated.
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
