"""Yaml configs, read as data: nothing that a file says is run, and nothing is fetched.

Detectron2's own reader makes whatever Python object a tag of the file names, and follows `_BASE_`
to the web. A `.py` config is another thing: it is a program, and is run.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import Any

import yaml

from .errors import UserError

BASE = "_BASE_"
"""The key that names the file, or the files, whose values a config starts from."""

MAX_BYTES = 256 * 1024
"""Of one file; a complete config of Detectron2 and this project has 12 KB."""

MAX_VALUES = 20_000
"""Of one file, with what its aliases repeat; a complete config has about 600."""

MAX_FILES = 64
"""That are read for one config, itself and its bases."""


class ConfigError(UserError, ValueError):
    """A value of a config that cannot be used; the message names its key."""


def read_config_file(path: str | os.PathLike[str]) -> dict[str, Any]:
    """The values of a yaml config over those of its bases.

    A base is a file on this machine, named relative to the file that names it; "~" is the home.

    Args:
        path: of a yaml file.

    Returns:
        Dicts with strings as keys, in which are None, bool, int, float, str, lists and what else
        yaml has of its own. `!!python/tuple` gives tuples; other Python tags are refused.

    Raises:
        ConfigError: the file or a base cannot be read, is no mapping, names Python objects, repeats
            a key or has one that is no text; a base is remote, or includes itself; or there is more
            of it than the limits above.
    """
    return _with_bases(os.fspath(path), (), [])


def _with_bases(path: str, within: tuple[str, ...], read: list[str]) -> dict[str, Any]:
    """`read_config_file`; `within` are the files that include it, `read` all so far."""
    own = os.path.realpath(path)
    if own in within:
        raise ConfigError(f"{path}: {BASE} leads back to the file itself")
    read.append(own)
    if len(read) > MAX_FILES:
        raise ConfigError(f"{path}: {BASE} leads to more than {MAX_FILES} files")
    values = _read(path)
    merged: dict[str, Any] = {}
    for base in _bases(path, values.pop(BASE, [])):
        _merge(_with_bases(base, (*within, own), read), merged, base)
    _merge(values, merged, path)
    return merged


def _bases(path: str, named: object) -> Iterator[str]:
    """The files that the value of `_BASE_` names."""
    for name in named if isinstance(named, list) else [named]:
        if not isinstance(name, str) or not name:
            raise ConfigError(f"{path}: {BASE} is {name!r}, expected the name of a yaml file")
        if "://" in name:
            raise ConfigError(
                f"{path}: {BASE} is {name!r}, which is not on this machine; nothing was fetched. "
                "Save that file, look into it, and name your copy"
            )
        base = os.path.join(os.path.dirname(path), os.path.expanduser(name))
        if not os.path.isfile(base):
            what = "a folder, not a file" if os.path.isdir(base) else "missing"
            raise ConfigError(f"{path}: {BASE} is {name!r}: {base} is {what}")
        yield base


def _merge(values: dict[str, Any], into: dict[str, Any], path: str, prefix: str = "") -> None:
    for key, value in values.items():
        if isinstance(value, dict) and key in into:
            if not isinstance(into[key], dict):
                raise ConfigError(f"{path}: {prefix}{key} holds keys, but is a value in {BASE}")
            _merge(value, into[key], path, f"{prefix}{key}.")
        else:
            into[key] = value


def _read(path: str) -> dict[str, Any]:
    """The values of one file, `_BASE_` among them."""
    try:
        with open(path, "rb") as file:
            content = file.read(MAX_BYTES + 1)
        if len(content) > MAX_BYTES:
            raise ConfigError(f"{path}: larger than {MAX_BYTES} bytes, which no config is")
        values = yaml.load(content, _PlainLoader)  # A SafeLoader.
    except _Refused as error:
        raise ConfigError(f"{path}: {error}") from None
    except OSError as error:
        raise ConfigError(f"{path}: cannot be read ({error.strerror})") from error
    except RecursionError as error:
        raise ConfigError(f"{path}: nested too deep for a config") from error
    except (yaml.YAMLError, ValueError) as error:
        if isinstance(error, ConfigError):
            raise
        raise ConfigError(f"{path}: not yaml: {' '.join(str(error).split())}") from error
    if not isinstance(values, dict):
        what = "is empty" if values is None else f"is a {type(values).__name__}"
        raise ConfigError(f"{path}: {what}, expected lines such as `OUTPUT_DIR: output`")
    _check_size(path, values)
    return values


def _check_size(path: str, values: object) -> None:
    """Refuse a file whose aliases make more of it than memory holds, or lead back to themselves."""
    count, left = 0, [values]
    while left:
        value = left.pop()
        count += 1
        if isinstance(value, dict):
            left.extend(value.values())
        elif isinstance(value, (list, tuple)):
            left.extend(value)
        if count + len(left) > MAX_VALUES:
            raise ConfigError(f"{path}: more than {MAX_VALUES} values, aliases counted each time")


class _Refused(Exception):
    """What is wrong with a node, with its line."""


class _PlainLoader(yaml.SafeLoader):
    """Yaml's own types and tuples, in mappings whose keys are text, each of them once."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[str, Any]:
        seen = set()
        for key_node, _ in node.value:
            line = f"line {key_node.start_mark.line + 1}"
            if key_node.tag == "tag:yaml.org,2002:merge":
                raise _Refused(f"{line}: merge keys, <<, are not read; use {BASE}")
            key = self.construct_object(key_node, deep=True)
            if not isinstance(key, str):
                raise _Refused(f"{line}: the key {key!r} is not text; write it in quotes")
            if key in seen:
                raise _Refused(f"{line}: the key {key} is given twice; keep one of them")
            seen.add(key)
        return super().construct_mapping(node, deep)

    def construct_tuple(self, node: yaml.SequenceNode) -> tuple:
        return tuple(self.construct_sequence(node, deep=True))

    def refuse_tag(self, node: yaml.Node) -> None:
        tag = node.tag.replace("tag:yaml.org,2002:", "!!")[:200]
        raise _Refused(
            f"line {node.start_mark.line + 1}: refused, and nothing of it was run: the tag {tag} "
            "asks for more than a plain value and may be an attack; write the value itself"
        )


_PlainLoader.add_constructor("tag:yaml.org,2002:python/tuple", _PlainLoader.construct_tuple)
_PlainLoader.add_constructor(None, _PlainLoader.refuse_tag)
