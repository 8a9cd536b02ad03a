#!/usr/bin/env python
"""Build the embedded body surface, once; later calls validate the file that is there.

python tools/build_surface.py [--out PATH] [--force] [--figure PATH]
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
    parser.add_argument("--figure", type=Path, help="also draw parts, iso-lines and charts here")
    options = parser.parse_args(arguments)
    if options.workers < 1:
        parser.error("--workers must be at least 1")

    started = time.perf_counter()
    if options.out.exists() and not options.force:
        try:
            surface = Surface.load(options.out)
        except SurfaceFileError as error:
            print(f"error: {error}", file=sys.stderr)
            return 1
        done = "is there and valid"
    else:
        # Imported here, so that looking at a file needs no body model.
        from uncertain_densepose.synthetic.build import build_embedded_surface

        surface = build_embedded_surface(options.workers, progress=True)
        surface.save(options.out)
        done = "built"
    print(
        f"{options.out}: {done} in {time.perf_counter() - started:.1f} s: '{surface.name}', "
        f"{len(surface.vertices)} vertices, {len(surface.faces)} faces, geodesic table of "
        f"{len(surface.geodesic_vertices)} vertices"
    )
    if options.figure is not None:
        from uncertain_densepose.synthetic.surface_figure import draw_surface

        draw_surface(surface, options.figure)
        print(f"figure: {options.figure}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
