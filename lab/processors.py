"""How far results differ between processors.

Does the same work (render a tiny data set, apply and evaluate the shipped model, train five steps)
once as usual and once for each library forced to the code of an older processor, and prints the
largest differences. Each row is a quantity; pictures are in grey levels, boxes in pixels.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from tabulate import tabulate

from uncertain_densepose.cli import run_tool
from uncertain_densepose.surface.paths import default_surface_path

from .reproducibility.comparison import difference_table
from .reproducibility.settings import SETTINGS

AS_IT_IS = "as it is"


def build_parser() -> argparse.ArgumentParser:
    """The command line."""
    parser = argparse.ArgumentParser(prog="python -m lab.processors", description=__doc__)
    parser.add_argument(
        "--also",
        nargs="+",
        action="append",
        default=[],
        metavar=("NAME", "VAR=VALUE"),
        help="another setting, such as an LD_PRELOAD library that reports another processor",
    )
    return parser


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


@run_tool
def main(arguments: Sequence[str] | None = None) -> None:
    """Run all settings and print the table."""
    args = build_parser().parse_args(arguments)
    also = {name: dict(pair.split("=", 1) for pair in pairs) for name, *pairs in args.also}
    settings = SETTINGS | also
    with tempfile.TemporaryDirectory() as folder:
        first = run_workload(AS_IT_IS, {}, Path(folder))
        others = {
            name: run_workload(name, variables, Path(folder))
            for name, variables in settings.items()
        }
    print(tabulate(difference_table(first, others), headers=["", *others], tablefmt="github"))


if __name__ == "__main__":
    main()
