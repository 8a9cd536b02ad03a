"""A folder of results that knows what is in it, so that a run that was cut short goes on.

Besides the results of the images it has

- `run.json`: the settings that all results were made with, and files of the run as a whole;
- `done.jsonl`: a line for each image whose results are complete, with their file names.
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

RUN_FILE = "run.json"
DONE_FILE = "done.jsonl"
_REMEDY = "choose another --out, or --overwrite to make all of it anew"


class RunFolderError(UserError, ValueError):
    """A folder that this run cannot write to. The message names it and says why."""


@dataclass(frozen=True)
class _Done:
    """A line of `done.jsonl`: where it starts, and of which file it tells which results."""

    start: int
    source: str
    stamp: list[int]
    outputs: list[str]


class RunFolder:
    """A folder of results.

    Args:
        path: the folder; made if absent.
        settings: what the results depend on besides the images, in JSON's types.
        overwrite: remove results that are there, whatever their settings.

    Raises:
        RunFolderError: `path` is a file, its results were made with other settings, or its
            records are damaged.
    """

    def __init__(self, path: Path, settings: Mapping[str, object], overwrite: bool = False):
        if path.exists() and not path.is_dir():
            raise RunFolderError(f"{path}: must be a folder to write to, this is a file")
        self.path = path
        self._settings = json.loads(json.dumps(settings))
        path.mkdir(parents=True, exist_ok=True)
        if overwrite:
            self._remove_results()
        self._outputs: list[str] = []
        if self._done_file.exists() or (path / RUN_FILE).exists():
            self._outputs = self._outputs_so_far()
        else:
            self._write_run_file()
        self._done, complete = _read_done(self._done_file)
        # A line that was cut short by a kill would spoil the next one.
        if self._done_file.exists() and self._done_file.stat().st_size > complete:
            os.truncate(self._done_file, complete)

    @property
    def _done_file(self) -> Path:
        return self.path / DONE_FILE

    @property
    def names(self) -> list[str]:
        """The names of all images that are done, in natural order."""
        return sorted(self._done, key=natural_key)

    def is_done(self, image: SourceImage) -> bool:
        """Whether the image's results are there, made of the file as it is now.

        Raises:
            RunFolderError: the results of that name are those of another file.
        """
        done = self._done.get(image.name)
        if done is None:
            return False
        if done.stamp == _stamp(image.path):
            return all((self.path / name).exists() for name in done.outputs)
        if done.source != str(image.path.resolve()):
            raise RunFolderError(
                f"{self.path} has results named {image.name!r} already, of {done.source}; {_REMEDY}"
            )
        return False

    def finish(
        self, image: SourceImage, outputs: Sequence[str], records: Sequence[dict] = ()
    ) -> None:
        """Note that an image is done. Files that an earlier run made for it alone are removed.

        Args:
            outputs: its files, below the folder, all of which are there.
            records: what :meth:`records` shall give.
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
        """The records of all images in the folder, in the natural order of their names."""
        if not self._done:
            return
        with open(self._done_file, "rb") as file:
            for name in self.names:
                file.seek(self._done[name].start)
                yield from json.loads(file.readline())["records"]

    def finish_run(self, outputs: Iterable[str]) -> None:
        """Note files of the run as a whole, below the folder; each run writes them anew."""
        every = sorted({*self._outputs, *outputs})
        if every != self._outputs:
            self._outputs = every
            self._write_run_file()

    def _write_run_file(self) -> None:
        content = {"settings": self._settings, "outputs": self._outputs}
        with replacing(self.path / RUN_FILE) as temporary:
            temporary.write_text(json.dumps(content, indent=1) + "\n", encoding="utf-8")

    def _outputs_so_far(self) -> list[str]:
        """The files of earlier runs as a whole, whose settings must be those of this one."""
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
        """Remove what earlier runs say that they wrote, and nothing else."""
        outputs: list[str] = []
        # Records that cannot be read name nothing that could be removed.
        with suppress(RunFolderError):
            outputs += _read_run(self.path / RUN_FILE)[1]
        with suppress(RunFolderError):
            for done in _read_done(self._done_file)[0].values():
                outputs += done.outputs
        for name in (*outputs, DONE_FILE, RUN_FILE):
            (self.path / name).unlink(missing_ok=True)


def _read_run(file: Path) -> tuple[dict[str, object], list[str]]:
    """Settings, and files of the run as a whole.

    Raises:
        RunFolderError: the file is missing or damaged.
    """
    try:
        content = json.loads(file.read_text(encoding="utf-8"))
        return dict(content["settings"]), list(content["outputs"])
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise RunFolderError(f"{file}: missing, or not the record of a run; {_REMEDY}") from error


def _stamp(path: Path) -> list[int]:
    """Size and time of change, by which a file is known to be as it was; none if it has gone."""
    if not path.exists():
        return []
    status = path.stat()
    return [status.st_size, status.st_mtime_ns]


def _brief(value: object) -> str:
    text = json.dumps(value)
    return text if len(text) <= 40 else f"{text[:16]}…"


def _read_done(file: Path) -> tuple[dict[str, _Done], int]:
    """The last line of each image, and the length in bytes of the lines that are complete.

    Raises:
        RunFolderError: a complete line is damaged.
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
                name = entry["name"]
                done[name] = _Done(start, entry["source"], entry["stamp"], entry["outputs"])
            except (ValueError, KeyError, TypeError) as error:
                raise RunFolderError(f"{file}: line {number} is damaged; {_REMEDY}") from error
            start += len(line)
    return done, start
