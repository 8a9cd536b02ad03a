"""The checks of annotation files, one function each.

A check is registered under the name of its function, whose docstring says what is odd, together
with what training does about it, and what evaluation does where that differs. This is the one table
by which both of them read files. The checks of a scope run in the order of their registration.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum


class Severity(Enum):
    """What becomes of training or evaluation."""

    FATAL = "fatal"
    """It stops before it begins."""

    WARNING = "warning"
    """It goes on, with labels that are probably wrong."""

    DROPPED = "dropped"
    """It leaves out what the check found."""

    REPAIRED = "repaired"
    """It uses what the check found, as the check's outcome says."""


FATAL, WARNING, DROPPED, REPAIRED = Severity


class Purpose(Enum):
    """What a file is read for."""

    TRAINING = "training"
    EVALUATION = "evaluation"


class Scope(Enum):
    """What a check looks at; the value names what it counts.

    The function of a check returns whether it found something. Its arguments, by scope:

    - CONTENT: the parsed file; it returns a list with an id or a name for each odd entry.
    - IMAGE: an entry of `images`.
    - EMPTY_IMAGE: an entry of `images` and its annotations that are kept.
    - IMAGE_FILE: an entry of `images` and the `Path` of its file; it returns what is wrong,
      starting with the path, or "".
    - PERSON: an annotation and the `FileIndex`.
    - LABELS: an annotation with points or part masks.
    - POINTS: the `PointColumns` of a person; it returns (P,) bool.
    - MASKS: an annotation whose lists of points are readable.
    - LABELLED: an annotation with points after all other checks.
    - WHOLE: the `LabelStatistics` and the `Report` of all annotations; it returns a list of texts,
      the evidence.
    """

    CONTENT = "entries"
    IMAGE = "images"
    EMPTY_IMAGE = "images without people"
    IMAGE_FILE = "image files"
    PERSON = "annotations"
    LABELS = "annotations' points"
    POINTS = "points"
    MASKS = "annotations' part masks"
    LABELLED = "annotations with points"
    WHOLE = "files"


@dataclass(frozen=True)
class Check:
    """One check.

    Attributes:
        name: a public identifier, unique.
        scope: what it looks at.
        severity: what becomes of training.
        outcome: what training does, one clause.
        find: the function, see `Scope`.
        repair: called with the arguments of `find` where it found something; it changes the
            annotation in place. None if nothing has to be changed.
        evaluation: severity and outcome for evaluation; None if they are those for training.
    """

    name: str
    scope: Scope
    severity: Severity
    outcome: str
    find: Callable
    repair: Callable | None = None
    evaluation: tuple[Severity, str] | None = None

    def severity_for(self, purpose: Purpose) -> Severity:
        """What becomes of training or of evaluation."""
        return self._answers(purpose)[0]

    def outcome_for(self, purpose: Purpose) -> str:
        """What training or evaluation does, one clause."""
        return self._answers(purpose)[1]

    def _answers(self, purpose: Purpose) -> tuple[Severity, str]:
        if purpose is Purpose.EVALUATION and self.evaluation is not None:
            return self.evaluation
        return self.severity, self.outcome

    @property
    def difference(self) -> str:
        """What evaluation does, "the same" if that is what training does."""
        if self.evaluation is None:
            return "the same"
        severity, outcome = self.evaluation
        return f"{severity.value}: {outcome}"

    @property
    def description(self) -> str:
        """What is odd, one sentence.

        Raises:
            ValueError: the function has no docstring, as under `python -OO`.
        """
        if self.find.__doc__ is None:
            raise ValueError(f"check {self.name!r}: no docstring says what is odd; run without -OO")
        return self.find.__doc__.splitlines()[0].rstrip(".")


CHECKS: dict[str, Check] = {}
"""All checks by name."""

_IN_ORDER: dict[tuple[Scope, Severity | None], list[Check]] = defaultdict(list)


def check(
    scope: Scope,
    severity: Severity,
    outcome: str,
    repair: Callable | None = None,
    evaluation: tuple[Severity, str] | None = None,
) -> Callable[[Callable], Callable]:
    """Decorator: register a function under its name; the arguments are attributes of `Check`.

    Raises:
        ValueError: the name is taken.
    """

    def register(find: Callable) -> Callable:
        if find.__name__ in CHECKS:
            raise ValueError(
                f"a check {find.__name__!r} is registered already; choose another name"
            )
        registered = Check(find.__name__, scope, severity, outcome, find, repair, evaluation)
        CHECKS[registered.name] = registered
        _IN_ORDER[scope, severity].append(registered)
        _IN_ORDER[scope, None].append(registered)
        return find

    return register


def checks_of(scope: Scope, severity: Severity | None = None) -> list[Check]:
    """The checks of a scope, by default of any severity for training, in the order of their
    registration."""
    return _IN_ORDER[scope, severity]
