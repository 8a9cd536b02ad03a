"""Print MODEL_ZOO.md: `python -m uncertain_densepose.model_zoo > MODEL_ZOO.md`."""

from . import BUILTIN
from .page import zoo_page

print(zoo_page(BUILTIN), end="")
