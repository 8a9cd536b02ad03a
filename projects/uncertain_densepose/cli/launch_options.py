"""The command line of Detectron2's train scripts, without importing Detectron2.

Names, types and defaults are those of `detectron2.engine.default_argument_parser`.
"""

from __future__ import annotations

import argparse
import os
import sys

from .options import make_parser


def build_parser(description: str | None = None) -> argparse.ArgumentParser:
    """The command line of a train script; `description` is printed below the options."""
    parser = make_parser(None, description)
    add = parser.add_argument
    add("--config-file", default="", metavar="FILE", help="config of the model and its training")
    add(
        "--resume",
        action="store_true",
        help="continue from the last checkpoint",
    )
    add("--eval-only", action="store_true", help="only evaluate")
    add("--num-gpus", type=int, default=1, help="processes on this machine (default: %(default)s)")
    add("--num-machines", type=int, default=1, help="machines (default: %(default)s)")
    add("--machine-rank", type=int, default=0, help="index of this machine, from 0")
    add(
        "--dist-url",
        default=f"tcp://127.0.0.1:{_port()}",
        help="where the processes meet; see torch.distributed.init_process_group "
        "(default: %(default)s)",
    )
    add(
        "opts",
        nargs=argparse.REMAINDER,
        help="override values of the config: KEY VALUE pairs, or KEY=VALUE for a python config",
    )
    return parser


def _port() -> int:
    """A port in 49152..65535 that differs between most users of a machine."""
    user = os.getuid() if sys.platform != "win32" else 1
    return 2**15 + 2**14 + hash(user) % 2**14
