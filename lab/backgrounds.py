#!/usr/bin/env python
"""Unpack photographs without people from a package, as backgrounds of rendered people.

Reads the panoramas of npm's @pmndrs/assets (.tgz, CC0) or the pictures of a Debian package of
wallpapers (.deb) and writes them into a folder for `tools/make_synthetic_dataset.py --backgrounds`.
ATTRIBUTION.csv in it gets a line for each: file, licence, copyright, source. Many wallpapers are
drawings or show a flower from near: look at them and choose by --only.

examples:
  npm pack @pmndrs/assets@1.7.0
  python -m lab.backgrounds pmndrs-assets-1.7.0.tgz backgrounds
  apt-get download lomiri-wallpapers-16.04
  python -m lab.backgrounds lomiri-wallpapers-16.04_20.04.0-2_all.deb backgrounds --only 'life*'
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from uncertain_densepose.cli import run_tool
from uncertain_densepose.cli.options import make_parser


def build_parser() -> argparse.ArgumentParser:
    """The command line."""
    parser = make_parser(__doc__)
    add = parser.add_argument
    add("archive", type=Path, metavar="ARCHIVE", help=".tgz of npm, or .deb")
    add("out", type=Path, metavar="OUT", help="folder of backgrounds; made if need be")
    text = "names of the pictures to take, with * and ? (default: all)"
    add("--only", nargs="+", metavar="PATTERN", default=["*"], help=text)
    return parser


@run_tool
def main(arguments: Sequence[str] | None = None) -> None:
    """Run the command line."""
    args = build_parser().parse_args(arguments)
    from .background_archives.attribution import write_backgrounds
    from .background_archives.packages import read_package

    written = write_backgrounds(args.out, read_package(args.archive), args.only)
    print(f"{args.out}: {len(written)} backgrounds: {', '.join(written)}")


if __name__ == "__main__":
    sys.exit(main())
