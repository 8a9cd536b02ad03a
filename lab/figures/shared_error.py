#!/usr/bin/env python
"""Draw what a shared part error is, and how two clicks correct a whole part.

The shipped model looks at a rendered person that it has not been trained on. Arrows lead from a
pixel to where on this person the answer for the pixel lies: without error they have no length.

example:
  python -m lab.figures.shared_error --out docs/shared_error.png --picture docs/person.jpg
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from uncertain_densepose.cli import run_tool
from uncertain_densepose.cli.options import make_parser

SIZE = 768, 960
"""Width and height of the picture, pixels; the model scales it to its own size."""

_MODEL = "synth/unc_full_small"


def build_parser() -> argparse.ArgumentParser:
    """The command line."""
    parser = make_parser(__doc__)
    add = parser.add_argument
    add("--out", type=Path, required=True, metavar="FILE.png", help="the figure")
    add("--person", type=int, default=1, metavar="N", help="which one (default: %(default)s)")
    add("--seed", type=int, default=3, metavar="N", help="of the draws (default: %(default)s)")
    add(
        "--picture",
        type=Path,
        metavar="FILE.jpg",
        help="also write the picture that the model sees, and print the clicks",
    )
    return parser


@run_tool
def main(arguments: Sequence[str] | None = None) -> None:
    """Run the command line."""
    options = build_parser().parse_args(arguments)
    import cv2

    from synthetic_people.person import PersonMaker
    from uncertain_densepose.inference import Predictor
    from uncertain_densepose.surface import Surface, default_surface_path

    from .rendered_person import render_person
    from .shared_error_panels import CLICKED_PART, draw_shared_error, right_points, two_clicks

    surface = Surface.load(default_surface_path())
    rendered = render_person(PersonMaker.create(surface), options.person, *SIZE)
    person = Predictor.from_zoo(_MODEL, device="cpu")(rendered.image)[0]
    draw_shared_error(rendered, person, options.seed).savefig(options.out)
    print(f"wrote {options.out}")
    if options.picture:
        cv2.imwrite(str(options.picture), rendered.image, [cv2.IMWRITE_JPEG_QUALITY, 90])
        torso = right_points(rendered, person).of_part(CLICKED_PART)
        print(f"wrote {options.picture}; clicks: {two_clicks(torso)[1]}")


if __name__ == "__main__":
    sys.exit(main())
