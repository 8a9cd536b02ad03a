"""The workload in processes of their own, each with the settings of another processor."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import numpy as np

from uncertain_densepose.surface.paths import default_surface_path

AS_IT_IS = "as it is"
"""The name of the setting that changes nothing; it comes first, and renders the data of all."""


def run_workload(name: str, variables: dict[str, str], folder: Path) -> dict[str, np.ndarray]:
    """The results of the workload, run in a process of its own.

    Args:
        name: of the setting.
        variables: of the environment.
        folder: for what it writes.

    Returns:
        arrays by quantity, see `workload`.

    Raises:
        subprocess.CalledProcessError: it failed; its message is on the screen.
    """
    print(f"{name} ...", file=sys.stderr, flush=True)
    own = folder / name.replace(" ", "_").replace(":", "")
    own.mkdir()
    data = folder / AS_IT_IS.replace(" ", "_")
    result = own / "result.npz"
    command = [sys.executable, "-m", "lab.reproducibility.workload"]
    command += [str(default_surface_path().resolve()), str(data), str(own), str(result)]
    environment = os.environ | {"DETECTRON2_DATASETS": str(data)} | variables
    link = own / default_surface_path().name
    link.symlink_to(default_surface_path().resolve())
    subprocess.run(command, check=True, env=environment, stdout=subprocess.DEVNULL)
    with np.load(result) as archive:
        return dict(archive)
