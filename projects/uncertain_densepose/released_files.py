"""The full SHA-256 of every file that the project released, by the file's name."""

from __future__ import annotations

import json
from pathlib import Path

INDEX = Path(__file__).parent / "model_zoo" / "index.json"
"""The records of the zoo; see `model_zoo.Release`."""


def released_hashes() -> dict[str, str]:
    """64 hexadecimal digits by the name of a file.

    The six digits in a name tell a damaged file, and no more: another file that begins with them is
    found in two minutes.
    """
    rows = json.loads(INDEX.read_text(encoding="utf-8")).values()
    return {row["file"]: row["sha256"] for row in rows} | {
        row["pickle_file"]: row["pickle_sha256"] for row in rows
    }
