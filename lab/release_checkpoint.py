#!/usr/bin/env python
"""Release a trained model: its weights alone, verified, and its row in the model zoo.

The released file is loaded into a fresh model and evaluated on the test set of its config; only if
it reaches what the training stated is anything written. MODEL_ZOO.md is made anew.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence

from uncertain_densepose.cli import run_tool

from .releases.options import build_parser


@run_tool
def main(arguments: Sequence[str] | None = None) -> None:
    """Run the command line."""
    args = build_parser(__doc__).parse_args(arguments)
    from tabulate import tabulate

    from .releases.release import release_checkpoint, results_of

    name, release = release_checkpoint(args)
    print(tabulate(results_of(release), headers=[name, ""], disable_numparse=True))
    megabytes = (args.out / release.file).stat().st_size / 1e6
    print(f"{args.out / release.file}: {megabytes:.1f} MB, SHA-256 {release.sha256}")
    print(args.page)


if __name__ == "__main__":
    sys.exit(main())
