#!/usr/bin/env python
"""Find people in images and videos: their correspondences with the body, and how sure these are."""

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
