"""The page: one text with its styles, scripts and pictures, which loads nothing from elsewhere.

Its content security policy allows only its own style and scripts, by their hashes, and embedded
pictures; so nothing else can be loaded or run, even if a file name contains markup.
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
from ..layers import OPACITY, scale_end_cm
from ..palette import COORDINATE_COLOURS, PART_COLOURS, SIGMA_COLOURS
from .figures import FigureGroup
from .gallery import Picture
from .pixels import PLANES, SIGMA_MAX_CM, SIGMA_MIN_CM
from .results import RunResults
from .tables import Table

HERE = Path(__file__).parent
STYLES = ("style.css", "gallery.css")
SCRIPTS = ("tables.js", "pixels.js", "gallery.js")


def render_page(
    title: str,
    runs: Sequence[RunResults],
    tables: Sequence[Table],
    figures: Sequence[FigureGroup],
    pictures: Sequence[Picture],
    notes: Sequence[str] = (),
) -> str:
    """The report as html.

    Args:
        title: of the page.
        runs: the results shown.
        tables, figures, pictures: in order; an empty one has no section.
        notes: what is missing from the gallery.
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
    """Files of this package as one text, inserted unescaped."""
    return Markup("\n".join((HERE / name).read_text(encoding="utf-8") for name in names))


def content_policy(style: str, script: str) -> str:
    """The content security policy that allows exactly this style and this script."""
    return (
        f"default-src 'none'; img-src data:; style-src '{_hash(style)}'; "
        f"script-src '{_hash(script)}'; base-uri 'none'; form-action 'none'"
    )


def _hash(text: str) -> str:
    digest = hashlib.sha256(text.encode("utf-8")).digest()
    return f"sha256-{base64.b64encode(digest).decode('ascii')}"


def scales(pictures: Sequence[Picture]) -> dict:
    """What the scripts need to turn codes into values and colours; JSON-serialisable."""
    return {
        "planes": PLANES,
        "parts": PART_NAMES,
        "sigmaMinCm": SIGMA_MIN_CM,
        "sigmaMaxCm": SIGMA_MAX_CM,
        "sigmaShownCm": scale_end_cm([picture.sigma_cm for picture in pictures]),
        "opacity": OPACITY,
        "partColours": PART_COLOURS.tolist(),
        "unitColours": _colours(COORDINATE_COLOURS),
        "sigmaColours": _colours(SIGMA_COLOURS),
    }


def _colours(colours: Colormap) -> list[list[int]]:
    """256 colours (red, green, blue) along a colour map."""
    return colours(np.arange(256), bytes=True)[:, :3].tolist()
