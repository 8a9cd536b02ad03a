#!/usr/bin/env python
"""Build the embedded body surface: mesh, charts and table of geodesic distances, in one file.

This is needed once; later calls only check the file. The demo, tools/make_synthetic_dataset.py,
evaluation and `tools/apply_net.py surface` read it.

examples:
  python tools/build_surface.py
  python tools/build_surface.py --figure output/surface.png
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Sequence
from functools import partial
from pathlib import Path

from uncertain_densepose.cli import options, run_tool
from uncertain_densepose.surface.paths import default_surface_path


def build_parser() -> argparse.ArgumentParser:
    """The command line."""
    parser = options.make_parser(__doc__)
    add = parser.add_argument
    add(
        "--out",
        type=Path,
        default=default_surface_path(),
        metavar="FILE",
        help="surface file (default: $DETECTRON2_DATASETS/embedded_surface.npz; now %(default)s)",
    )
    add("--force", action="store_true", help="rebuild an existing file")
    options.add_workers(add, 2)
    add(
        "--charts",
        type=Path,
        metavar="FILE",
        help="also write a surface file without geodesic distances: a hundredth of the size, "
        "enough for prediction but not for evaluation; the package ships one",
    )
    text = "also draw the parts, iso-lines and charts, e.g. surface.png"
    add("--figure", type=options.new_picture, metavar="FILE", help=text)
    return parser


@partial(run_tool, error_status=1)
def main(arguments: Sequence[str] | None = None) -> None:
    """Run the command line."""
    parser = build_parser()
    args = parser.parse_args(arguments)
    if args.charts is not None and args.charts.resolve() == args.out.resolve():
        parser.error(f"--charts {args.charts}: is the same file as --out")
    for option in ("out", "charts"):
        options.check_new_file(getattr(args, option), f"--{option}")
    from synthetic_people.built_surface import load_or_build
    from uncertain_densepose.cli.import_surface import describe_surface

    started = time.perf_counter()
    surface, done = load_or_build(args.out, args.force, args.workers)
    seconds = time.perf_counter() - started
    print(f"{args.out}: {done} in {seconds:.1f} s: {describe_surface(surface)}")
    if args.charts is not None:
        surface.without_distances().save(args.charts)
        print(f"charts: {args.charts}, {args.charts.stat().st_size / 1e6:.2f} MB")
    if args.figure is not None:
        from synthetic_people.surface_figure import draw_surface

        draw_surface(surface, args.figure)
        print(f"figure: {args.figure}")


if __name__ == "__main__":
    sys.exit(main())
