"""The page: everything in one text, styles and scripts included, and nothing loaded from elsewhere.

The content security policy in its head allows its own style and scripts by their hashes, and
pictures that the page itself holds. Nothing else is loaded or run, whatever is in a file's name.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup
from matplotlib.colors import Colormap

from ...surface import PART_NAMES
from ..layers import OPACITY
from ..palette import COORDINATE_COLOURS, PART_COLOURS, SIGMA_COLOURS
from .figures import FigureGroup
from .gallery import Picture
from .pixels import PLANES, SIGMA_MAX_CM, SIGMA_MIN_CM
from .results import Results
from .tables import Table

HERE = Path(__file__).parent
STYLES = ("style.css", "gallery.css")
SCRIPTS = ("tables.js", "pixels.js", "gallery.js")
SIGMA_PERCENTILE = 98.0


def render_page(
    title: str,
    runs: Sequence[Results],
    tables: Sequence[Table],
    figures: Sequence[FigureGroup],
    pictures: Sequence[Picture],
    notes: Sequence[str] = (),
) -> str:
    """The report as html.

    Args:
        title: of the page.
        runs: that are shown.
        tables, figures, pictures: in their order; what is empty has no section.
        notes: on what is missing from the gallery.
    """
    style, script = _joined(STYLES), _joined(SCRIPTS)
    environment = Environment(
        loader=FileSystemLoader(HERE),
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
        undefined=StrictUndefined,
    )
    return environment.get_template("page.html").render(
        title=title,
        policy=content_policy(style, script),
        style=style,
        script=script,
        runs=runs,
        tables=tables,
        figures=figures,
        pictures=pictures,
        notes=notes,
        scales=scales(pictures),
    )


def _joined(names: Sequence[str]) -> Markup:
    """Files of this package as one text, which goes into the page as it is."""
    return Markup("\n".join((HERE / name).read_text(encoding="utf-8") for name in names))


def content_policy(style: str, script: str) -> str:
    """A content security policy for a page with this style and script, as they stand in it."""
    return (
        f"default-src 'none'; img-src data:; style-src '{_hash(style)}'; "
        f"script-src '{_hash(script)}'; base-uri 'none'; form-action 'none'"
    )


def _hash(text: str) -> str:
    digest = hashlib.sha256(text.encode("utf-8")).digest()
    return f"sha256-{base64.b64encode(digest).decode('ascii')}"


def scales(pictures: Sequence[Picture]) -> dict:
    """What the scripts need to turn codes into values and colours, ready for JSON."""
    return {
        "planes": PLANES,
        "parts": PART_NAMES,
        "sigmaMinCm": SIGMA_MIN_CM,
        "sigmaMaxCm": SIGMA_MAX_CM,
        "sigmaShownCm": _sigma_end_cm(pictures),
        "opacity": OPACITY,
        "partColours": PART_COLOURS.tolist(),
        "unitColours": _colours(COORDINATE_COLOURS),
        "sigmaColours": _colours(SIGMA_COLOURS),
    }


def _sigma_end_cm(pictures: Sequence[Picture]) -> float | None:
    """Where the scale of σ ends, one for all pictures; None where no pixel has a σ."""
    sigma_cm = np.concatenate([np.empty(0), *(picture.sigma_cm for picture in pictures)])
    return max(float(np.percentile(sigma_cm, SIGMA_PERCENTILE)), 1.0) if len(sigma_cm) else None


def _colours(colours: Colormap) -> list[list[int]]:
    """256 red, green, blue from one end of a scale to the other."""
    return colours(np.arange(256), bytes=True)[:, :3].tolist()
