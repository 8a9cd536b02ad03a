"""Print MODEL_ZOO.md, made from the index of the zoo: `python -m lab.zoo_page > MODEL_ZOO.md`."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence

from uncertain_densepose.cli import run_tool


def build_parser() -> argparse.ArgumentParser:
    """The command line."""
    return argparse.ArgumentParser(prog="python -m lab.zoo_page", description=__doc__)


@run_tool
def main(arguments: Sequence[str] | None = None) -> None:
    """Print the page."""
    build_parser().parse_args(arguments)
    from uncertain_densepose.model_zoo import BUILTIN

    from .releases.page import zoo_page

    print(zoo_page(BUILTIN), end="")


if __name__ == "__main__":
    sys.exit(main())
