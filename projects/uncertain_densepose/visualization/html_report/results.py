"""The metrics, figures and people that this project's tools write to folders."""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from ...errors import NOT_JSON, UserError, missing
from ...inside import LeadsOutError, path_inside

PREDICTIONS = "predictions.json"

DONE = "done.jsonl"
"""Beside it: which files the run read, with their stamps."""


class ReportError(UserError, ValueError):
    """Results that cannot be shown. The message names the file."""


@dataclass(frozen=True)
class ImagePeople:
    """The file with the people of an image.

    Attributes:
        image: path of the image, as given when the people were predicted.
        maps: the file, written by `inference.save_people`.
        frame: number of the frame in a video, from 0; None for an image file.
    """

    image: str
    maps: Path
    frame: int | None = None


@dataclass(frozen=True)
class RunResults:
    """The results in one folder, or in one file of metrics.

    Attributes:
        name: the shortest end of its path that no other run has.
        path: the folder or file.
        metrics: {data set: {task: {metric: value}}}; data set "" if no file name gives it.
        figures: {data set: files}, likewise.
        people: in the order of `predictions.json`.
        stamps: {resolved path: `file_stamp`} of the files that the run read.
    """

    name: str
    path: Path
    metrics: Mapping[str, Mapping[str, Mapping]]
    figures: Mapping[str, Sequence[Path]]
    people: Sequence[ImagePeople]
    stamps: Mapping[str, list[int]] = field(default_factory=dict)


def read_results(paths: Sequence[str | os.PathLike]) -> list[RunResults]:
    """Read the results in folders and in files of metrics.

    - `metrics_<data set>.json` and `metrics.json` are metrics, {task: {metric: value}}, except
      Detectron2's training log of that name, which has a line per iteration.
    - `figures_<data set>/*.png` are figures; `*.png` are too, unless there is a
      `predictions.json`: then they are pictures of its images.
    - `predictions.json` lists images and the files with their people.

    Args:
        paths: one run each. Subfolders other than `figures_*` are not read.

    Raises:
        ReportError: a path does not exist, is given twice or contains no results, a file is
            damaged, or leads out of its folder.
    """
    places = [Path(path) for path in paths]
    names = _unique_names(places)
    return [_read(name, place) for name, place in zip(names, places, strict=True)]


def _read(name: str, path: Path) -> RunResults:
    if not path.exists():
        raise ReportError(missing(path, "no such folder or file"))
    if path.is_file():
        if path.suffix != ".json":
            raise ReportError(f"{path}: expected a folder, or a .json file of metrics")
        return RunResults(name, path, {"": _read_metrics(path)}, {}, [])
    metrics_files = _inside(path, path.glob("metrics*.json"))
    metrics = {
        file.stem.removeprefix("metrics").removeprefix("_"): _read_metrics(file)
        for file in metrics_files
        if not _is_training_log(file)
    }
    people = _read_predictions(path / PREDICTIONS) if (path / PREDICTIONS).exists() else []
    figures = {"": [] if people else _inside(path, path.glob("*.png"))}
    for folder in sorted(path.glob("figures_*")):
        figures[folder.name.removeprefix("figures_")] = _inside(path, folder.glob("*.png"))
    figures = {data_set: files for data_set, files in figures.items() if files}
    if not (metrics or figures or people):
        raise ReportError(
            f"{path}: nothing to show; expected metrics_*.json, metrics.json of an evaluation, "
            f"figures_*/*.png, *.png or {PREDICTIONS} of people"
        )
    return RunResults(name, path, metrics, figures, people, _read_stamps(path / DONE))


def _inside(folder: Path, files: Iterable[Path]) -> list[Path]:
    """Files of a folder, sorted. A folder from elsewhere may have links to files that are private.

    Raises:
        ReportError: one leads out of the folder.
    """
    found = sorted(files)
    for file in found:
        try:
            path_inside(folder, str(file.relative_to(folder)))
        except LeadsOutError as error:
            raise ReportError(f"{file}: {error}; remove it") from error
    return found


def _unique_names(paths: Sequence[Path]) -> list[str]:
    """The shortest ends of the paths that differ from each other."""
    parts = [path.resolve().parts for path in paths]
    for path, own in zip(paths, parts, strict=True):
        if parts.count(own) > 1:
            raise ReportError(f"{path}: given twice")
    lengths = [1] * len(paths)
    while True:
        names = [os.sep.join(p[-n:]) for p, n in zip(parts, lengths, strict=True)]
        if len(set(names)) == len(names):
            return names
        lengths = [n + (names.count(name) > 1) for n, name in zip(lengths, names, strict=True)]


def _read_json(path: Path) -> object:
    try:
        return json.loads(path.read_bytes())
    except OSError as error:
        raise ReportError(f"{path}: cannot be read: {error.strerror}") from error
    except NOT_JSON as error:
        raise ReportError(f"{path}: not JSON, or truncated ({error})") from error


def _is_training_log(path: Path) -> bool:
    with open(path, "rb") as file:
        first = file.readline()
    try:
        record = json.loads(first)
    except NOT_JSON:
        return False
    return isinstance(record, dict) and "iteration" in record


def _read_metrics(path: Path) -> dict[str, dict]:
    tasks = _read_json(path)
    if not isinstance(tasks, dict) or not all(isinstance(task, dict) for task in tasks.values()):
        raise ReportError(f"{path}: expected {{task: {{metric: value}}}}")
    return tasks


def _read_predictions(path: Path) -> list[ImagePeople]:
    records = _read_json(path)
    if not isinstance(records, list):
        raise ReportError(f"{path}: expected a list of people")
    people: dict[ImagePeople, None] = {}
    for index, record in enumerate(records):
        for key in ("file_name", "maps"):
            if not isinstance(record, dict) or not isinstance(record.get(key), str):
                raise ReportError(f"{path}: record {index} has no '{key}', the path of a file")
        frame = record.get("frame")
        if frame is not None and (not isinstance(frame, int) or frame < 0):
            raise ReportError(f"{path}: record {index} has frame {frame!r}, expected 0, 1, ...")
        try:
            maps = path_inside(path.parent, record["maps"])
        except LeadsOutError as error:
            raise ReportError(f"{path}: record {index}: 'maps' {error}") from error
        people[ImagePeople(record["file_name"], maps, frame)] = None
    return list(people)


def _read_stamps(path: Path) -> dict[str, list[int]]:
    """The files that a run read, by its own record; none if there is no record."""
    stamps = {}
    if path.is_file():
        for number, line in enumerate(path.read_bytes().splitlines(keepends=True), 1):
            if not line.endswith(b"\n"):
                break  # Of a run that was killed.
            try:
                done = json.loads(line)
                stamps[str(done["source"])] = done["stamp"]
            except (ValueError, KeyError, TypeError, RecursionError) as error:
                raise ReportError(f"{path}: line {number} is damaged") from error
    return stamps
