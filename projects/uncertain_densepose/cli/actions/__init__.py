"""The subcommands of tools/apply_net.py: show, dump, surface."""

from .action import Action, ActionError, check_room_for_names
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
    "check_room_for_names",
    "model_settings",
]
