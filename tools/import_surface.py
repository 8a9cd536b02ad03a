#!/usr/bin/env python
"""Convert a body into a surface file: DensePose's SMPL files, or a mesh of your own.

`tools/import_surface.py SOURCE --help` has the options of each source. The surface file is what
data sets, evaluation and visualisation read.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Sequence

from uncertain_densepose.cli import run_tool
from uncertain_densepose.cli.import_options import build_parser


@run_tool
def main(arguments: Sequence[str] | None = None) -> None:
    """Run the command line."""
    args = build_parser(__doc__).parse_args(arguments)
    from uncertain_densepose.cli.import_surface import describe_surface, run

    started = time.perf_counter()
    surface, mirror = run(args)
    seconds = time.perf_counter() - started
    print(f"{args.out}: imported in {seconds:.1f} s: {describe_surface(surface)}")
    if mirror:
        print(mirror)


if __name__ == "__main__":
    sys.exit(main())
