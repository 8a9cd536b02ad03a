"""The command line of tools/import_surface.py."""

from __future__ import annotations

import argparse
from pathlib import Path

from ..choices import UP_AXIS_NAMES
from ..surface.paths import SMPL_SURFACE_FILE_NAME, data_root
from .options import Add, UsageError, add_workers, finite_above_zero, make_parser

MIRROR_FILE_NAME = "UV_symmetry_transforms.mat"

EPILOGUE = """\
DensePose-COCO is annotated on the body model SMPL. Download the files of DensePose's evaluation
from https://dl.fbaipublicfiles.com/densepose/data/ (they have their own licence). This command then
puts the surface where the registered data sets look for it:
  python tools/import_surface.py smpl --subdiv SMPL_subdiv.mat \\
      --transform SMPL_SUBDIV_TRANSFORM.mat --distances Pdist_matrix.pkl \\
      --symmetry UV_symmetry_transforms.mat
With --distances, the geodesic distances of all 27 554 vertices are converted to a file of 759 MB
beside the surface, which takes 1.5 GB of memory; evaluation reads from it what it needs. Code in
pickles is never run. Without --distances, distances between vertices 8 mm apart are computed, which
takes minutes.

Training with flipped images needs --symmetry, because SMPL's charts are not mirror images of each
other.
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
    add(
        "--distances",
        type=Path,
        metavar="Pdist_matrix.pkl",
        help="geodesics of all vertices",
    )
    _add_smpl_out(add)
    _add_common(add)

    add = source("charts", "DensePose's charts on a body of SMPL's 6890 vertices")
    add("--charts", type=Path, required=True, metavar="UV_Processed.mat")
    add("--body", type=Path, required=True, help="the body: a mesh without texture, or a .npy")
    _add_placement(add)
    _add_smpl_out(add)
    _add_common(add)

    add = source("mesh", "your own mesh with texture coordinates")
    add("--mesh", type=Path, required=True, metavar="BODY.obj", help="triangles, charts in [0, 1]")
    add("--parts", type=Path, required=True, help="chart 1..24 of each face: text lines, or .npy")
    _add_placement(add)
    add("--out", type=Path, required=True, metavar="S.npz", help="the surface file to write")
    _add_common(add)
    return parser


def _add_placement(add: Add) -> None:
    add("--up", choices=UP_AXIS_NAMES, default="y", help="upward axis (default: %(default)s)")
    add(
        "--scale",
        type=finite_above_zero,
        default=1.0,
        help="metres per unit (default: %(default)s)",
    )


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
    add("--name", metavar="TEXT", help="name of the surface (default: the file's)")
    add(
        "--symmetry",
        type=Path,
        metavar=MIRROR_FILE_NAME,
        help="table that maps the charts to those of the mirrored image; it is checked against the "
        "charts and copied beside the surface",
    )
    add(
        "--spacing",
        type=finite_above_zero,
        default=0.008,
        metavar="M",
        help="spacing of the vertices of computed distances, metres (default: %(default)s)",
    )
    add_workers(add, 2, "processes for computing distances")


def check_surface_name(out: Path) -> None:
    """Refuse an output file that is not named as surface files are.

    Raises:
        UsageError: its name does not end in .npz.
    """
    if out.suffix != ".npz":
        raise UsageError(f"--out {out}: the name of a surface file must end in .npz")
