"""The command line of tools/import_surface.py."""

from __future__ import annotations

import argparse
from pathlib import Path

from ..surface.paths import SMPL_SURFACE_FILE_NAME, data_root
from .options import Add, UsageError, add_workers, finite_above_zero, make_parser

MIRROR_FILE_NAME = "UV_symmetry_transforms.mat"
UP_AXES = ("y", "z")
"""Those of `surface.importers`."""

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


def build_parser(description: str | None = None) -> argparse.ArgumentParser:
    """The command line, with a subcommand for each kind of source."""
    parser = make_parser(description, EPILOGUE)
    sources = parser.add_subparsers(dest="source", required=True, metavar="SOURCE")

    def source(name: str, text: str) -> Add:
        return sources.add_parser(name, help=text, description=text).add_argument

    add = source("smpl", "DensePose's subdivided SMPL, the body of its evaluation")
    add("--subdiv", type=Path, required=True, metavar="SMPL_subdiv.mat")
    add("--transform", type=Path, required=True, metavar="SMPL_SUBDIV_TRANSFORM.mat")
    add("--distances", type=Path, metavar="Pdist_matrix.pkl", help="geodesics of all vertices")
    _add_smpl_out(add)
    _add_common(add)

    add = source("charts", "DensePose's charts on a body of SMPL's 6890 vertices")
    add("--charts", type=Path, required=True, metavar="UV_Processed.mat")
    add("--body", type=Path, required=True, help="the body: a mesh without texture, or a .npy")
    _add_placement(add)
    _add_smpl_out(add)
    _add_common(add)

    add = source("mesh", "a mesh of your own with texture coordinates")
    add("--mesh", type=Path, required=True, metavar="BODY.obj", help="triangles, charts in [0, 1]")
    add("--parts", type=Path, required=True, help="chart 1..24 of each face: text lines, or .npy")
    _add_placement(add)
    add("--out", type=Path, required=True, metavar="S.npz", help="the surface file to write")
    _add_common(add)
    return parser


def _add_placement(add: Add) -> None:
    add("--up", choices=UP_AXES, default="y", help="upward axis (default: %(default)s)")
    add("--scale", type=float, default=1.0, help="metres per unit (default: %(default)s)")


def _add_smpl_out(add: Add) -> None:
    add(
        "--out",
        type=Path,
        default=data_root() / SMPL_SURFACE_FILE_NAME,
        metavar="S.npz",
        help="the surface file to write (default: $DETECTRON2_DATASETS/"
        f"{SMPL_SURFACE_FILE_NAME}; now %(default)s)",
    )


def _add_common(add: Add) -> None:
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
        type=finite_above_zero,
        default=0.008,
        metavar="M",
        help="metres between the vertices of computed geodesics (default: %(default)s)",
    )
    add_workers(add, 2, "processes that compute geodesics")


def check_arguments(args: argparse.Namespace) -> None:
    """Refuse a name that surface files do not have.

    Raises:
        UsageError: that of --out.
    """
    if args.out.suffix != ".npz":
        raise UsageError(f"--out {args.out}: a surface file ends in .npz")
