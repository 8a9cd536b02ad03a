"""What is done with the people of an image: shown, dumped, or painted on the body."""

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
