#!/usr/bin/env python
"""Build the embedded body surface, once; later calls validate the file that is there.

python tools/build_surface.py [--out PATH] [--force] [--charts PATH] [--figure PATH]
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Sequence
from functools import partial
from pathlib import Path

from uncertain_densepose.cli import run_tool
from uncertain_densepose.cli.options import add_workers
from uncertain_densepose.surface.paths import default_surface_path


def build_parser() -> argparse.ArgumentParser:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    add = parser.add_argument
    add(
        "--out",
        type=Path,
        default=default_surface_path(),
        help="surface file (default: $DETECTRON2_DATASETS/embedded_surface.npz; now %(default)s)",
    )
    add("--force", action="store_true", help="rebuild a file that is there")
    add_workers(add, 2)
    add(
        "--charts",
        type=Path,
        help="also write a surface file of the charts alone here, without geodesic distances: a "
        "hundredth of the size, enough to predict, not to measure; the package carries one",
    )
    add("--figure", type=Path, help="also draw parts, iso-lines and charts here")
    return parser


@partial(run_tool, error_status=1)
def main(arguments: Sequence[str] | None = None) -> None:
    """Run the command line."""
    parser = build_parser()
    args = parser.parse_args(arguments)
    if args.charts is not None and args.charts.resolve() == args.out.resolve():
        parser.error(f"--charts {args.charts}: is the file of the whole surface, --out")
    from synthetic_people.built_surface import load_or_build

    started = time.perf_counter()
    surface, done = load_or_build(args.out, args.force, args.workers)
    print(
        f"{args.out}: {done} in {time.perf_counter() - started:.1f} s: '{surface.name}', "
        f"{len(surface.vertices)} vertices, {len(surface.faces)} faces, geodesic table of "
        f"{len(surface.geodesic_vertices)} vertices"
    )
    if args.charts is not None:
        surface.without_distances().save(args.charts)
        print(f"charts: {args.charts}, {args.charts.stat().st_size / 1e6:.2f} MB")
    if args.figure is not None:
        from synthetic_people.surface_figure import draw_surface

        draw_surface(surface, args.figure)
        print(f"figure: {args.figure}")


if __name__ == "__main__":
    sys.exit(main())
