"""Runs a predictor on many images, some of which may be unreadable or done already."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import islice

import numpy as np
from tqdm import tqdm

from ..inference import ImageError
from ..inference.image_sources import ImageSource, SourceImage
from ..inference.person import Person
from .run_folder import RunFolder, RunFolderError

FindPeople = Callable[[list[np.ndarray]], list[list[Person]]]
"""Such as a `Predictor`: takes images (H, W, 3) uint8 BGR, returns the people of each."""


@dataclass(frozen=True)
class ImageResults:
    """What was written for an image.

    Attributes:
        outputs: the files, as paths relative to the run's folder, with "/".
        records: JSON-serialisable, for :meth:`RunFolder.records`.
    """

    outputs: Sequence[str]
    records: Sequence[dict] = ()


WriteResults = Callable[[SourceImage, np.ndarray, list[Person]], ImageResults]
"""Writes the results of an image (H, W, 3) uint8 and its people; each file atomically."""


@dataclass
class RunReport:
    """The outcome of a run.

    Attributes:
        done: images processed in this run. skipped: images done before.
        people: found in the images of this run.
        failures: images that could not be used, each with the reason.
        most_people: in one of the images of this run.
    """

    done: int = 0
    skipped: int = 0
    people: int = 0
    failures: list[str] = field(default_factory=list)
    most_people: int = 0


def run_on_images(
    find_people: FindPeople,
    sources: Sequence[ImageSource],
    folder: RunFolder,
    write: WriteResults,
    batch_size: int = 1,
) -> RunReport:
    """Process all images that are not done yet, write their results and record them as done.

    An image that cannot be used is reported and does not stop the run. At most `batch_size` images
    are in memory.

    Args:
        find_people: a `Predictor`.
        sources: from `find_sources`.
        folder: where the results go.
        write: writes the results of one image.
        batch_size: images per call of `find_people`, at least 1.
    """
    report = RunReport()
    total = sum(source.expected_images for source in sources)
    with tqdm(total=total, unit="image", disable=total < 2) as bar:
        for batch in _batches(_readable(sources, folder, report, bar), batch_size):
            _process(batch, find_people, folder, write, report)
            bar.update(len(batch))
            # The next one is read while this list is still known by name.
            batch.clear()
    return report


def _process(
    batch: list[tuple[SourceImage, np.ndarray]],
    find_people: FindPeople,
    folder: RunFolder,
    write: WriteResults,
    report: RunReport,
) -> None:
    for (image, pixels), people in _with_people(find_people, batch, report):
        results = write(image, pixels, people)
        folder.finish(image, results.outputs, results.records)
        report.done += 1
        report.people += len(people)
        report.most_people = max(report.most_people, len(people))


def _readable(
    sources: Sequence[ImageSource], folder: RunFolder, report: RunReport, bar: tqdm
) -> Iterator[tuple[SourceImage, np.ndarray]]:
    """The images that are not done yet and can be read, with their pixels (H, W, 3) uint8."""
    for source in sources:
        try:
            for image in source:
                pixels = _read(image, folder, report)
                if pixels is None:
                    bar.update()
                else:
                    yield image, pixels
                    del pixels
        except ImageError as error:
            # A video that is truncated or unreadable, or has frames that are.
            report.failures.append(str(error))


def _read(image: SourceImage, folder: RunFolder, report: RunReport) -> np.ndarray | None:
    """(H, W, 3) uint8, or None for an image that is done or unreadable."""
    try:
        if folder.is_done(image):
            report.skipped += 1
            return None
        return image.read()
    except (ImageError, RunFolderError) as error:
        report.failures.append(str(error))
        return None


def _batches(items: Iterable, size: int) -> Iterator[list]:
    remaining = iter(items)
    while batch := list(islice(remaining, size)):
        yield batch


def _with_people(
    find_people: FindPeople, batch: list[tuple[SourceImage, np.ndarray]], report: RunReport
) -> list[tuple[tuple[SourceImage, np.ndarray], list[Person]]]:
    """The images of a batch that the model accepts, with their people."""
    try:
        return list(zip(batch, find_people([pixels for _, pixels in batch]), strict=True))
    except ImageError as error:
        if len(batch) == 1:
            report.failures.append(f"{batch[0][0]}: {error}")
            return []
    # One by one, to find the image at fault.
    return [found for one in batch for found in _with_people(find_people, [one], report)]
