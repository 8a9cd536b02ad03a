"""The subcommands of tools/apply_net.py: show, dump, surface."""

from .action import Action, ActionError
from .dump import DUMP_FORMATS, Dump
from .model_settings import model_settings
from .show import Show
from .surface import ShowOnSurface

__all__ = [
    "DUMP_FORMATS",
    "Action",
    "ActionError",
    "Dump",
    "Show",
    "ShowOnSurface",
    "model_settings",
]
