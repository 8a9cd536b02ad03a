"""The site: the pages of this repository as they are, and the API from the docstrings."""

import re
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]

project = "uncertain_densepose"
author = "The uncertain_densepose authors"
copyright = f"{author}, Apache-2.0"
source = ROOT / "projects" / "uncertain_densepose" / "__init__.py"
release = re.search(r'^__version__ = "(.+)"$', source.read_text(), re.M)[1]
html_title = f"{project} {release}"

extensions = [
    "myst_parser",
    "sphinx.ext.autodoc",
    "sphinx.ext.napoleon",
]

# The root of the repository is the source folder, so that links lead to the same pages here as in
# the repository itself.
root_doc = "docs/site/index"
include_patterns = ["*.md", "docs/**.md"]
exclude_patterns = [".*", "build", "datasets", "output", "projects", "tests", "lab", "tools"]
source_suffix = {".md": "markdown"}
myst_heading_anchors = 4

html_theme = "furo"
html_extra_path = ["start"]

# Single backticks are code in docstrings, as in the pages.
default_role = "code"
napoleon_use_ivar = True
napoleon_use_rtype = False
autodoc_member_order = "bysource"
autodoc_default_options = {"members": True, "imported-members": True, "show-inheritance": True}


def escape_mathematics(app, what, name, obj, options, lines: list[str]) -> None:
    """Keep |x| and (*S, P) of docstrings from being read as markup."""
    literal = False
    for number, line in enumerate(lines):
        if line and not line.startswith(" "):
            literal = False
        if not literal:
            pieces = re.split(r"(`+[^`]*`+)", line)
            pieces[::2] = [re.sub(r"([|*])", r"\\\1", text) for text in pieces[::2]]
            lines[number] = "".join(pieces)
        literal |= line.endswith("::")


def setup(app) -> None:
    # Before napoleon, which comes at 500.
    app.connect("autodoc-process-docstring", escape_mathematics, priority=400)
