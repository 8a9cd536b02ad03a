"""The command line that Detectron2's train scripts have, without importing Detectron2.

`detectron2.engine.default_argument_parser` is the reference: names, types and defaults are its own.
"""

from __future__ import annotations

import argparse
import os
import sys

from .options import make_parser


def build_parser(description: str | None = None) -> argparse.ArgumentParser:
    """The command line of a train script.

    Args:
        description: with examples, shown as it is written.
    """
    parser = make_parser(None, description)
    add = parser.add_argument
    add("--config-file", default="", metavar="FILE", help="config of the model and its training")
    add("--resume", action="store_true", help="go on from the last checkpoint of the output folder")
    add("--eval-only", action="store_true", help="evaluate and do not train")
    add("--num-gpus", type=int, default=1, help="processes on this machine (default: %(default)s)")
    add("--num-machines", type=int, default=1, help="machines (default: %(default)s)")
    add("--machine-rank", type=int, default=0, help="number of this machine, from 0")
    add(
        "--dist-url",
        default=f"tcp://127.0.0.1:{_port()}",
        help="where the processes meet; see torch.distributed.init_process_group "
        "(default: %(default)s)",
    )
    add(
        "opts",
        nargs=argparse.REMAINDER,
        help="replace values of the config: KEY VALUE pairs, of a lazy config KEY=VALUE",
    )
    return parser


def _port() -> int:
    """One of 49152..65535 that two users of a machine do not share."""
    user = os.getuid() if sys.platform != "win32" else 1
    return 2**15 + 2**14 + hash(user) % 2**14
