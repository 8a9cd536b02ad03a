#!/usr/bin/env python
"""Build the embedded body surface, once; later calls validate the file that is there.

python tools/build_surface.py [--out PATH] [--force] [--charts PATH] [--figure PATH]
"""

from __future__ import annotations

import argparse
import sys
import time
from pathlib import Path

from uncertain_densepose.surface import Surface, SurfaceFileError, default_surface_path


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument(
        "--out",
        type=Path,
        default=default_surface_path(),
        help="surface file (default: $DETECTRON2_DATASETS/embedded_surface.npz; now %(default)s)",
    )
    parser.add_argument("--force", action="store_true", help="rebuild a file that is there")
    parser.add_argument("--workers", type=int, default=2, help="processes (default: %(default)s)")
    parser.add_argument(
        "--charts",
        type=Path,
        help="also write a surface file of the charts alone here, without geodesic distances: a "
        "hundredth of the size, enough to predict, not to measure; the package carries one",
    )
    parser.add_argument("--figure", type=Path, help="also draw parts, iso-lines and charts here")
    options = parser.parse_args(arguments)
    if options.workers < 1:
        parser.error("--workers must be at least 1")
    if options.charts is not None and options.charts.resolve() == options.out.resolve():
        parser.error(f"--charts {options.charts}: is the file of the whole surface, --out")

    started = time.perf_counter()
    if options.out.exists() and not options.force:
        try:
            surface = load_whole(options.out)
        except SurfaceFileError as error:
            print(f"error: {error}; --force builds it anew in its place", file=sys.stderr)
            return 1
        done = "is there and valid"
    else:
        # Imported here, so that looking at a file needs no body model.
        from synthetic_people.build import build_embedded_surface

        surface = build_embedded_surface(options.workers, progress=True)
        surface.save(options.out)
        done = "built"
    print(
        f"{options.out}: {done} in {time.perf_counter() - started:.1f} s: '{surface.name}', "
        f"{len(surface.vertices)} vertices, {len(surface.faces)} faces, geodesic table of "
        f"{len(surface.geodesic_vertices)} vertices"
    )
    if options.charts is not None:
        surface.without_distances().save(options.charts)
        print(f"charts: {options.charts}, {options.charts.stat().st_size / 1e6:.2f} MB")
    if options.figure is not None:
        from synthetic_people.surface_figure import draw_surface

        draw_surface(surface, options.figure)
        print(f"figure: {options.figure}")
    return 0


def load_whole(path: Path) -> Surface:
    """A surface with its distances.

    Raises:
        SurfaceFileError: the file is no valid surface, or holds charts alone.
    """
    surface = Surface.load(path)
    if not surface.has_distances:
        raise SurfaceFileError(f"{path}: holds charts alone")
    return surface


if __name__ == "__main__":
    sys.exit(main())
