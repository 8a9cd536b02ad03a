"""A folder of results that records what is in it, so that an interrupted run can be resumed.

Besides the results it holds

- `run.json`: the settings of all results, and the files of the run as a whole;
- `done.jsonl`: a line for each image with complete results, with their file names.

Both may come from elsewhere together with the folder. Nothing is deleted or written before all
names in them are known to stay inside it.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from ..atomic_file import replacing
from ..errors import UserError
from ..inference.image_sources import SourceImage, natural_key
from ..inside import LeadsOutError, path_inside

RUN_FILE = "run.json"
DONE_FILE = "done.jsonl"
_REMEDY = "choose another --out, or use --overwrite to start again"


class RunFolderError(UserError, ValueError):
    """An output folder that cannot be used. The message names it and says why."""


class _Unreadable(RunFolderError):
    """A record that is missing or damaged, so that it names no files."""


@dataclass(frozen=True)
class _Done:
    """A line of `done.jsonl`: its byte offset, the image's file and stamp, and its results."""

    start: int
    source: str
    stamp: list[int]
    outputs: list[str]


class RunFolder:
    """A folder of results.

    Args:
        path: the folder; created if missing.
        settings: what the results depend on besides the images; JSON-serialisable.
        overwrite: delete earlier results, whatever their settings.

    Raises:
        RunFolderError: `path` is a file, its results were made with other settings, its records
            are damaged, or they name files elsewhere.
    """

    def __init__(self, path: Path, settings: Mapping[str, object], overwrite: bool = False):
        if path.exists() and not path.is_dir():
            raise RunFolderError(f"{path}: the output must be a folder, but this is a file")
        self.path = path
        self._settings = json.loads(json.dumps(settings))
        path.mkdir(parents=True, exist_ok=True)
        for record in (DONE_FILE, RUN_FILE):
            self.check_inside(record)
        if overwrite:
            self._remove_results()
        self._outputs: list[str] = []
        if self._done_file.exists() or (path / RUN_FILE).exists():
            self._outputs = self._outputs_so_far()
        else:
            self._write_run_file()
        self._done, complete = _read_done(self._done_file)
        # A half-written last line would spoil the next one.
        if self._done_file.exists() and self._done_file.stat().st_size > complete:
            os.truncate(self._done_file, complete)

    @property
    def _done_file(self) -> Path:
        return self.path / DONE_FILE

    @property
    def names(self) -> list[str]:
        """The names of all images that are done, in natural order."""
        return sorted(self._done, key=natural_key)

    def check_inside(self, name: str) -> None:
        """Refuse a file of the folder that would be written elsewhere, by a symbolic link.

        Raises:
            RunFolderError: it leads out of the folder.
        """
        _check_inside(self.path, [name], self.path)

    def is_done(self, image: SourceImage) -> bool:
        """Whether the image has complete results, made from its file as it is now.

        Raises:
            RunFolderError: the results of that name come from another file, or would be written
                elsewhere.
        """
        # No result is named so: each has an ending.
        self.check_inside(f"{image.name}.")
        done = self._done.get(image.name)
        if done is None:
            return False
        if done.stamp == _stamp(image.path):
            return all((self.path / name).exists() for name in done.outputs)
        if done.source != str(image.path.resolve()):
            raise RunFolderError(
                f"{self.path} already has results {image.name!r}, from {done.source}; {_REMEDY}"
            )
        return False

    def finish(
        self, image: SourceImage, outputs: Sequence[str], records: Sequence[dict] = ()
    ) -> None:
        """Record an image as done, and delete its files of an earlier run that are now obsolete.

        Args:
            outputs: its files, which exist, as paths relative to the folder.
            records: JSON-serialisable, to be returned by :meth:`records`.
        """
        earlier = self._done.get(image.name)
        for name in () if earlier is None else set(earlier.outputs) - set(outputs):
            (self.path / name).unlink(missing_ok=True)
        source, stamp = str(image.path.resolve()), _stamp(image.path)
        line = {
            "name": image.name,
            "source": source,
            "stamp": stamp,
            "outputs": list(outputs),
            "records": list(records),
        }
        with open(self._done_file, "ab") as file:
            start = file.tell()
            file.write(json.dumps(line).encode() + b"\n")
        self._done[image.name] = _Done(start, source, stamp, list(outputs))

    def records(self) -> Iterator[dict]:
        """The records of all images, in the natural order of their names."""
        if not self._done:
            return
        with open(self._done_file, "rb") as file:
            for name in self.names:
                file.seek(self._done[name].start)
                yield from json.loads(file.readline())["records"]

    def finish_run(self, outputs: Iterable[str]) -> None:
        """Record the files of the run as a whole, as paths relative to the folder."""
        every = sorted({*self._outputs, *outputs})
        if every != self._outputs:
            self._outputs = every
            self._write_run_file()

    def _write_run_file(self) -> None:
        content = {"settings": self._settings, "outputs": self._outputs}
        with replacing(self.path / RUN_FILE) as temporary:
            temporary.write_text(json.dumps(content, indent=1) + "\n", encoding="utf-8")

    def _outputs_so_far(self) -> list[str]:
        """The files of earlier runs as a whole; raises if their settings differ from these."""
        earlier, outputs = _read_run(self.path / RUN_FILE)
        now = self._settings
        other = [key for key in {**now, **earlier} if now.get(key) != earlier.get(key)]
        if other:
            changes = "; ".join(
                f"{key} was {_brief(earlier.get(key))}, is {_brief(now.get(key))}" for key in other
            )
            raise RunFolderError(f"{self.path} has results of other settings: {changes}; {_REMEDY}")
        return outputs

    def _remove_results(self) -> None:
        """Delete the files that earlier runs recorded, and nothing else."""
        outputs: list[str] = []
        with suppress(_Unreadable):
            outputs += _read_run(self.path / RUN_FILE)[1]
        with suppress(_Unreadable):
            for done in _read_done(self._done_file)[0].values():
                outputs += done.outputs
        for name in (*outputs, DONE_FILE, RUN_FILE):
            (self.path / name).unlink(missing_ok=True)


def _read_run(file: Path) -> tuple[dict[str, object], list[str]]:
    """The settings and the files of the run as a whole.

    Raises:
        RunFolderError: the file is missing or damaged, or names files elsewhere.
    """
    try:
        content = json.loads(file.read_text(encoding="utf-8"))
        settings, outputs = dict(content["settings"]), list(content["outputs"])
    except (OSError, ValueError, KeyError, TypeError, RecursionError) as error:
        raise _Unreadable(f"{file}: missing, or not the record of a run; {_REMEDY}") from error
    _check_inside(file.parent, outputs, file)
    return settings, outputs


def _check_inside(folder: Path, names: Iterable[object], source: object) -> None:
    """Refuse names that lead out of a folder.

    Raises:
        RunFolderError: one does.
    """
    for name in names:
        try:
            path_inside(folder, name)
        except LeadsOutError as error:
            raise RunFolderError(
                f"{source}: {error}; nothing was changed. Choose another --out"
            ) from error


def _stamp(path: Path) -> list[int]:
    """Size and modification time of a file, to see whether it changed; [] if it is gone."""
    if not path.exists():
        return []
    status = path.stat()
    return [status.st_size, status.st_mtime_ns]


def _brief(value: object) -> str:
    text = json.dumps(value)
    return text if len(text) <= 40 else f"{text[:16]}…"


def _read_done(file: Path) -> tuple[dict[str, _Done], int]:
    """The last line of each image, and the total length of the complete lines in bytes.

    Raises:
        RunFolderError: a complete line is damaged, or names files elsewhere.
    """
    done: dict[str, _Done] = {}
    start = 0
    if not file.exists():
        return done, start
    with open(file, "rb") as lines:
        for number, line in enumerate(lines, 1):
            if not line.endswith(b"\n"):
                break
            try:
                entry = json.loads(line)
                name, outputs = entry["name"], list(entry["outputs"])
                done[name] = _Done(start, str(entry["source"]), entry["stamp"], outputs)
            except (ValueError, KeyError, TypeError, RecursionError) as error:
                raise _Unreadable(f"{file}: line {number} is damaged; {_REMEDY}") from error
            _check_inside(file.parent, [f"{name}.", *outputs], f"{file}: line {number}")
            start += len(line)
    return done, start
