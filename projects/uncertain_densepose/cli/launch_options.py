"""The command line of Detectron2's train scripts, without importing Detectron2.

Names, types and defaults are those of `detectron2.engine.default_argument_parser`.
"""

from __future__ import annotations

import argparse
import os
import sys

from .options import UsageError, make_parser, number


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
    add(
        "--num-gpus",
        type=number(int, 1),
        default=1,
        help="processes on this machine (default: %(default)s)",
    )
    add(
        "--num-machines",
        type=number(int, 1),
        default=1,
        help="machines (default: %(default)s)",
    )
    add(
        "--machine-rank",
        type=number(int, 0),
        default=0,
        help="index of this machine, from 0",
    )
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


def check_launch(args: argparse.Namespace) -> None:
    """Refuse options of processes and machines that do not fit together.

    Raises:
        UsageError: there is no machine of that rank, or no way to meet at such an address.
    """
    if args.machine_rank >= args.num_machines:
        raise UsageError(
            f"--machine-rank {args.machine_rank}: ranks of {args.num_machines} machines are "
            f"0..{args.num_machines - 1}; see --num-machines"
        )
    if args.dist_url != "auto" and not args.dist_url.startswith(_MEETING_PLACES):
        raise UsageError(
            f"--dist-url {args.dist_url}: must be auto or begin with {' or '.join(_MEETING_PLACES)}"
        )


_MEETING_PLACES = ("tcp://", "env://", "file://")


def _port() -> int:
    """A port in 49152..65535 that differs between most users of a machine."""
    user = os.getuid() if sys.platform != "win32" else 1
    return 2**15 + 2**14 + hash(user) % 2**14
