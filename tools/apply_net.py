#!/usr/bin/env python
"""Find the people in images and videos, and which point of the body each of their pixels shows.

Each command takes images and a trained model and writes into the folder --out: `show` draws
pictures, `dump` saves the numbers, `surface` paints the uncertainty on the body.
`tools/apply_net.py COMMAND --help` has the options of each, with an example; `--list` has the
models that can be named.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence

from uncertain_densepose.cli import run_tool
from uncertain_densepose.cli.apply_options import build_parser


@run_tool
def main(arguments: Sequence[str] | None = None) -> None:
    """Run the command line; the exit status is 1 if an image could not be used."""
    args = build_parser(__doc__).parse_args(arguments)
    from uncertain_densepose.cli.apply import run, tell

    report = run(args)
    tell(report, args)
    if report.failures:
        sys.exit(1)


if __name__ == "__main__":
    sys.exit(main())
