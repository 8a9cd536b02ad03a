"""What the command lines share, and the work of those of tools/ that is no room's own.

Modules named `*_options` and `options` import nothing heavy: a parser is built, and `--help`
printed, before torch is imported.
"""

from .running import run_tool

__all__ = ["run_tool"]
