"""The packages that rendering people needs beyond those of the rest of the project."""

from __future__ import annotations

from importlib.util import find_spec

from uncertain_densepose.errors import UserError

SYNTH_MODULES = ("anny", "roma", "safetensors", "trimesh", "embreex", "igl")


class MissingExtraError(UserError, ImportError):
    """Packages of the extra ``synth`` are missing. The message says which, and how to get them."""


def require_synth_extra() -> None:
    """Check that the packages of the extra ``synth`` are installed.

    Raises:
        MissingExtraError: some are not.
    """
    missing = [name for name in SYNTH_MODULES if find_spec(name) is None]
    if missing:
        raise MissingExtraError(
            f"rendering people needs the extra 'synth', of which {', '.join(missing)} "
            f"{'is' if len(missing) == 1 else 'are'} not installed: run `make setup`, or "
            "`pip install -e .[synth]` and `pip install --no-deps anny`"
        )
