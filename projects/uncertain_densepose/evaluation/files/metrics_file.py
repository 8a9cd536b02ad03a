"""Metrics as a file."""

from __future__ import annotations

import json
import math
import os
from collections.abc import Mapping

from detectron2.utils.file_io import PathManager


def write_metrics(path: str | os.PathLike, results: Mapping[str, Mapping]) -> None:
    """Write results as strict JSON.

    Args:
        path: the file; an existing one is replaced.
        results: {task: {name: value}}. Numbers that are not finite, where there was nothing to
            measure, become null.
    """
    tasks = {
        task: {name: None if _is_not_finite(value) else value for name, value in metrics.items()}
        for task, metrics in results.items()
    }
    with PathManager.open(os.fspath(path), "w") as file:
        json.dump(tasks, file, indent=2, allow_nan=False)
        file.write("\n")


def _is_not_finite(value: object) -> bool:
    return isinstance(value, float) and not math.isfinite(value)
