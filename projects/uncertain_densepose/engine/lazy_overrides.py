"""`KEY=VALUE` of a command line on a python config: only keys that the config has are replaced."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Iterator, Sequence

from detectron2.config import LazyConfig
from hydra.core.override_parser.overrides_parser import OverridesParser
from hydra.errors import HydraException
from omegaconf import DictConfig, OmegaConf
from omegaconf.errors import InterpolationResolutionError, OmegaConfBaseException

from ..config import ConfigError

_NUMBERS = (int, float)

_REPLACEABLE_BY = {
    bool: ("true or false", lambda value: isinstance(value, bool)),
    int: ("a number", lambda value: isinstance(value, _NUMBERS) and not isinstance(value, bool)),
    float: ("a number", lambda value: isinstance(value, _NUMBERS) and not isinstance(value, bool)),
    str: ("text, a number in quotes being text", lambda value: isinstance(value, str)),
}
"""What may replace a value, by the type of the value."""

_TRAIN_SETS = "dataloader.train.dataset.names"


def apply_overrides(cfg: DictConfig, overrides: Sequence[str]) -> DictConfig:
    """Replace values of a config, in place.

    A text in `dataloader.train.dataset.names` becomes a list of that one name.

    Args:
        cfg: of `LazyConfig.load`.
        overrides: `KEY=VALUE` in Hydra's grammar, or `+KEY=VALUE` for a key that the config lacks.

    Returns:
        The config.

    Raises:
        ConfigError: an override is not of that form, its key is not in the config, or its value is
            not of the type of the config's. Overrides with "+" are not checked.
    """
    parser = OverridesParser.create()
    for text in overrides:
        try:
            override = parser.parse_override(text)
        except HydraException as error:
            raise ConfigError(
                f"{text}: not of the form KEY=VALUE ({_first_line(error)})"
            ) from error
        if override.is_delete() or override.is_sweep_override():
            raise ConfigError(f"{text}: give one value, KEY=VALUE; a list is written [A,B]")
        if not text.startswith("+"):
            _check(cfg, text, override.key_or_group, override.value())
        try:
            LazyConfig.apply_overrides(cfg, [text])
        except (KeyError, OmegaConfBaseException) as error:
            raise ConfigError(f"{text}: {_first_line(error)}") from error
    if isinstance(OmegaConf.select(cfg, _TRAIN_SETS), str):
        OmegaConf.update(cfg, _TRAIN_SETS, [OmegaConf.select(cfg, _TRAIN_SETS)])
    return cfg


def _check(cfg: DictConfig, text: str, key: str, value: object) -> None:
    """Refuse a key that the config does not have, or a value of another type.

    Raises:
        ConfigError: for either.
    """
    # References stay unresolved: setting a key behind one would replace all that it refers to.
    known = list(_keys(OmegaConf.to_container(cfg, resolve=False)))
    if key not in known:
        similar = difflib.get_close_matches(key, known, n=3)
        hint = f"did you mean {' or '.join(similar)}?" if similar else f"+{text} would add it"
        raise ConfigError(f"{text}: the config has no such key; {hint}")
    try:
        old = OmegaConf.select(cfg, key)
    except InterpolationResolutionError:
        return  # For example the first entry of a list that is a string until all is applied.
    if OmegaConf.is_dict(old) and isinstance(value, dict):
        for name, entry in value.items():
            _check(cfg, text, f"{key}.{name}", entry)
        return
    refers = isinstance(value, str) and "${" in value
    if type(old) in _REPLACEABLE_BY and value is not None and not refers:
        wanted, fits = _REPLACEABLE_BY[type(old)]
        # A list of choices may replace one value.
        if not isinstance(value, list) and not fits(value):
            raise ConfigError(f"{text}: the value must be {wanted}, as {old!r} is")


def _keys(value: object, prefix: str = "") -> Iterator[str]:
    """The keys of nested dictionaries and lists, written as in overrides."""
    entries: Iterable[tuple[object, object]]
    if isinstance(value, dict):
        entries = value.items()
    elif isinstance(value, list):
        entries = enumerate(value)
    else:
        return
    for name, entry in entries:
        yield f"{prefix}{name}"
        yield from _keys(entry, f"{prefix}{name}.")


def _first_line(error: Exception) -> str:
    # The text of a KeyError has quotes around it; its argument has none.
    return str(error.args[0] if error.args else error).partition("\n")[0]
