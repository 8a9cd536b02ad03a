"""What the command lines share, and the work of tools/ that belongs to no other room.

`options` and modules named `*_options` import nothing heavy, so that `--help` is printed before
torch is imported.
"""

from .running import run_tool

__all__ = ["run_tool"]
