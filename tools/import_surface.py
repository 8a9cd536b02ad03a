#!/usr/bin/env python
"""Make a surface file of a body that you have: DensePose's SMPL files, or a mesh of your own."""

from __future__ import annotations

import argparse
import shutil
import sys
import time
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch
from tqdm import tqdm

from uncertain_densepose.restricted_pickle import RestrictedPickleError
from uncertain_densepose.structures.chart_mirror import ChartMirrorError, TabulatedChartMirror
from uncertain_densepose.surface import ChartLookup, Surface, SurfaceFileError, uv_to_surface
from uncertain_densepose.surface.importers import (
    UP_AXES,
    ChartedMesh,
    SurfaceSourceError,
    convert_distance_pickle,
    make_surface,
    read_body_vertices,
    read_obj_mesh,
    read_smpl_subdiv,
    read_uv_processed,
)
from uncertain_densepose.surface.paths import SMPL_SURFACE_FILE_NAME, data_root
from uncertain_densepose.surface.surface_file import SurfaceFieldError

USER_ERRORS = (
    ChartMirrorError,
    OSError,
    RestrictedPickleError,
    SurfaceFileError,
    SurfaceSourceError,
)

MIRROR_FILE_NAME = "UV_symmetry_transforms.mat"

EPILOGUE = """\
DensePose-COCO is annotated on SMPL. Of the files that DensePose's evaluation downloads, from
https://dl.fbaipublicfiles.com/densepose/data/ under their own licence, this makes the surface where
the registered data sets look for it:
  python tools/import_surface.py smpl --subdiv SMPL_subdiv.mat \\
      --transform SMPL_SUBDIV_TRANSFORM.mat --distances Pdist_matrix.pkl \\
      --symmetry UV_symmetry_transforms.mat
With --distances, all 27 554 vertices are used. The distances then lie in a file of 759 MB beside
the surface, of which evaluation reads what it needs; converting holds the pickle in memory once
(1.5 GB). Pickles are read without running anything that they ask for. Without --distances,
geodesics between vertices 8 mm apart are computed, which takes minutes.

Flips of training images need --symmetry, for SMPL's charts are not mirror images of each other.
"""


def build_parser() -> argparse.ArgumentParser:
    """The command line."""
    parser = argparse.ArgumentParser(
        description=__doc__, epilog=EPILOGUE, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    sources = parser.add_subparsers(dest="source", required=True, metavar="SOURCE")

    def source(name: str, read, text: str):
        sub = sources.add_parser(name, help=text, description=text)
        sub.set_defaults(read=read)
        return sub.add_argument

    add = source("smpl", read_smpl, "DensePose's subdivided SMPL, the body of its evaluation")
    add("--subdiv", type=Path, required=True, metavar="SMPL_subdiv.mat")
    add("--transform", type=Path, required=True, metavar="SMPL_SUBDIV_TRANSFORM.mat")
    add("--distances", type=Path, metavar="Pdist_matrix.pkl", help="geodesics of all vertices")
    _add_smpl_out(add)
    _add_common(add)

    add = source("charts", read_charts, "DensePose's charts on a body of SMPL's 6890 vertices")
    add("--charts", type=Path, required=True, metavar="UV_Processed.mat")
    add("--body", type=Path, required=True, help="the body: a mesh without texture, or a .npy")
    _add_placement(add)
    _add_smpl_out(add)
    _add_common(add)

    add = source("mesh", read_mesh, "a mesh of your own with texture coordinates")
    add("--mesh", type=Path, required=True, metavar="BODY.obj", help="triangles, charts in [0, 1]")
    add("--parts", type=Path, required=True, help="chart 1..24 of each face: text lines, or .npy")
    _add_placement(add)
    add("--out", type=Path, required=True, metavar="S.npz", help="the surface file to write")
    _add_common(add)
    return parser


def _add_placement(add) -> None:
    add("--up", choices=tuple(UP_AXES), default="y", help="upward axis (default: %(default)s)")
    add("--scale", type=float, default=1.0, help="metres per unit (default: %(default)s)")


def _add_smpl_out(add) -> None:
    add(
        "--out",
        type=Path,
        default=data_root() / SMPL_SURFACE_FILE_NAME,
        metavar="S.npz",
        help="the surface file to write (default: $DETECTRON2_DATASETS/"
        f"{SMPL_SURFACE_FILE_NAME}; now %(default)s)",
    )


def _add_common(add) -> None:
    add("--name", metavar="TEXT", help="the surface's name (default: that of the file)")
    add(
        "--symmetry",
        type=Path,
        metavar=MIRROR_FILE_NAME,
        help="how charts map to each other in a mirrored image; checked against the charts and "
        "copied beside the surface",
    )
    add(
        "--spacing",
        type=float,
        default=0.008,
        metavar="M",
        help="metres between the vertices of computed geodesics (default: %(default)s)",
    )
    add(
        "--workers",
        type=int,
        default=2,
        metavar="N",
        help="processes that compute geodesics (default: %(default)s)",
    )


def read_smpl(args: argparse.Namespace) -> ChartedMesh:
    """The source `smpl`."""
    return read_smpl_subdiv(args.subdiv, args.transform)


def read_charts(args: argparse.Namespace) -> ChartedMesh:
    """The source `charts`."""
    return read_uv_processed(args.charts, read_body_vertices(args.body, args.up, args.scale))


def read_mesh(args: argparse.Namespace) -> ChartedMesh:
    """The source `mesh`."""
    return read_obj_mesh(args.mesh, args.parts, args.up, args.scale)


def import_surface(args: argparse.Namespace) -> Surface:
    """Read the source, write the surface, and read that again."""
    mesh = args.read(args)
    table = None
    if getattr(args, "distances", None) is not None:
        with tqdm(desc="distances", unit="", unit_scale=True, disable=None) as bar:
            table = convert_distance_pickle(
                args.distances,
                args.out.with_suffix(".geodesics.npy"),
                len(mesh.vertices),
                lambda done, total: _advance(bar, done, total),
            )
    with tqdm(desc="geodesics", unit="row", disable=None if table is None else True) as bar:
        surface = make_surface(
            mesh,
            args.name or args.out.stem,
            table,
            spacing_m=args.spacing,
            workers=args.workers,
            progress=lambda done, total: _advance(bar, done, total),
        )
    surface.save(args.out)
    return Surface.load(args.out)


def _advance(bar: tqdm, done: int, total: int) -> None:
    bar.total = total
    bar.update(done)


def place_mirror(surface: Surface, path: Path, folder: Path) -> str:
    """Check a table of mirrored coordinates against the charts, and put it into a folder.

    Returns:
        What was found, in one line.
    """
    mirror = TabulatedChartMirror.load(path)
    part = torch.from_numpy(np.repeat(surface.face_part, 3).astype(np.int64))
    uv = torch.from_numpy(surface.face_uv.reshape(-1, 2))
    u, v = mirror.uv(part, uv).double().numpy().T
    found = uv_to_surface(ChartLookup(surface), mirror.part(part).numpy(), u, v)
    target = folder / MIRROR_FILE_NAME
    if not (target.exists() and target.samefile(path)):
        shutil.copyfile(path, target)
    off = found.distance_uv
    return (
        f"{target}: mirrored corners of faces lie {np.median(off):.4f} (median) and "
        f"{off.max():.4f} (at most) chart units off the charts"
    )


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the command line; what the user got wrong ends it with a message and status 2."""
    parser = build_parser()
    args = parser.parse_args(arguments)
    if args.workers < 1:
        parser.error("--workers must be at least 1")
    if not args.spacing > 0:
        parser.error("--spacing must be above 0")
    if args.out.suffix != ".npz":
        parser.error(f"--out {args.out}: a surface file ends in .npz")
    started = time.perf_counter()
    try:
        surface = import_surface(args)
        mirror = args.symmetry and place_mirror(surface, args.symmetry, args.out.parent)
    except SurfaceFieldError as error:
        parser.error(f"{args.out} is not written, for the sources make no surface: {error}")
    except USER_ERRORS as error:
        parser.error(str(error))
    print(
        f"{args.out}: imported in {time.perf_counter() - started:.1f} s: '{surface.name}', "
        f"{len(surface.vertices)} vertices, {len(surface.faces)} faces, geodesic table of "
        f"{len(surface.geodesic_vertices)} vertices"
    )
    if mirror:
        print(mirror)


if __name__ == "__main__":
    sys.exit(main())
