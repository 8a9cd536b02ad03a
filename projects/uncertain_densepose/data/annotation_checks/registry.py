"""What may be odd about an annotation file, found by one function each.

A check is registered under the name of its function, whose docstring says what is odd, and with
what training does about it. Checks of one scope are asked in the order of their registration.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum


class Severity(Enum):
    """What becomes of training."""

    FATAL = "fatal"
    """It stops."""

    DROPPED = "dropped"
    """It leaves out what was found."""

    REPAIRED = "repaired"
    """It uses what was found, in a way that the check says."""


FATAL, DROPPED, REPAIRED = Severity.FATAL, Severity.DROPPED, Severity.REPAIRED


class Scope(Enum):
    """What a check looks at; the value names what it counts.

    The functions of each scope take and return:

    - CONTENT: the file's content, parsed. A list: ids, or words, of the entries that are odd.
    - IMAGE: an entry of `images`. A bool.
    - EMPTY_IMAGE: an entry of `images` and the annotations that are kept of it. A bool.
    - IMAGE_FILE: an entry of `images` and the `Path` of its file. A bool.
    - PERSON: an annotation and the `FileIndex`. A bool.
    - LABELS: an annotation with points or part masks. A bool.
    - POINTS: the `PointColumns` of a person. (P,) bool.
    - MASKS: an annotation whose lists of points are legible. A bool.
    """

    CONTENT = "entries"
    IMAGE = "images"
    EMPTY_IMAGE = "images without people"
    IMAGE_FILE = "image files"
    PERSON = "annotations"
    LABELS = "annotations' points"
    POINTS = "points"
    MASKS = "annotations' part masks"


@dataclass(frozen=True)
class Check:
    """One oddity.

    Attributes:
        name: unique.
        scope: see `Scope`.
        severity: see `Severity`.
        outcome: what training does, one clause.
        find: see `Scope`.
        repair: what is done to an annotation (and the `FileIndex`) in which it was found, in place;
            None where nothing has to be.
    """

    name: str
    scope: Scope
    severity: Severity
    outcome: str
    find: Callable
    repair: Callable | None = None

    @property
    def description(self) -> str:
        """What is odd, one sentence.

        Raises:
            ValueError: the function has no docstring, as under `python -OO`.
        """
        if self.find.__doc__ is None:
            raise ValueError(f"check {self.name!r} has no docstring that says what is odd")
        return self.find.__doc__.splitlines()[0].rstrip(".")


CHECKS: dict[str, Check] = {}
"""All checks by name."""

_IN_ORDER: dict[tuple[Scope, Severity], list[Check]] = defaultdict(list)


def check(
    scope: Scope, severity: Severity, outcome: str, repair: Callable | None = None
) -> Callable[[Callable], Callable]:
    """Register the function that follows; see `Check`."""

    def register(find: Callable) -> Callable:
        if find.__name__ in CHECKS:
            raise ValueError(f"there is a check {find.__name__!r} already")
        registered = Check(find.__name__, scope, severity, outcome, find, repair)
        CHECKS[registered.name] = registered
        _IN_ORDER[scope, severity].append(registered)
        return find

    return register


def checks_of(scope: Scope, severity: Severity) -> list[Check]:
    """Those of a scope and a severity, in order."""
    return _IN_ORDER[scope, severity]
