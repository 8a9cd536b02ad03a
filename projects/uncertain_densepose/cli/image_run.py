"""A predictor over many images, of which some may be bad and some done already."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field

import numpy as np
from tqdm import tqdm

from ..inference.image_input import ImageError
from ..inference.image_sources import Source, SourceImage
from ..inference.person import Person
from .run_folder import RunFolder, RunFolderError

FindPeople = Callable[[list[np.ndarray]], list[list[Person]]]
"""What a `Predictor` is: a list of images (H, W, 3) uint8 to the people in each."""


@dataclass(frozen=True)
class ImageResults:
    """What was written for an image.

    Attributes:
        outputs: files, below the folder of the run, with "/".
        records: in JSON's types, for :meth:`RunFolder.records`.
    """

    outputs: Sequence[str]
    records: Sequence[dict] = ()


WriteResults = Callable[[SourceImage, np.ndarray, list[Person]], ImageResults]
"""Writes the results of an image (H, W, 3) uint8 and its people, each file whole or not at all."""


@dataclass
class RunReport:
    """What became of the images of a run.

    Attributes:
        done: images worked through now. skipped: those that were done before.
        people: found in the former.
        failures: what could not be used, with the reason.
    """

    done: int = 0
    skipped: int = 0
    people: int = 0
    failures: list[str] = field(default_factory=list)


def run_on_images(
    find_people: FindPeople,
    sources: Sequence[Source],
    folder: RunFolder,
    write: WriteResults,
    batch_size: int = 1,
) -> RunReport:
    """Find the people of all images that are not done, write their results and note them as done.

    An image that cannot be used goes into the report and stops nothing. At most `batch_size`
    images are in memory.

    Args:
        find_people: a `Predictor`.
        sources: of `find_sources`.
        folder: of the results.
        write: writes those of one image.
        batch_size: images that are given to `find_people` at once, at least 1.
    """
    report = RunReport()
    total = sum(source.expected_images for source in sources)
    with tqdm(total=total, unit="image", disable=total < 2) as bar:
        for batch in _batches(_readable(sources, folder, report, bar), batch_size):
            for (image, pixels), people in _with_people(find_people, batch, report):
                results = write(image, pixels, people)
                folder.finish(image, results.outputs, results.records)
                report.done += 1
                report.people += len(people)
            bar.update(len(batch))
    return report


def _readable(
    sources: Sequence[Source], folder: RunFolder, report: RunReport, bar: tqdm
) -> Iterator[tuple[SourceImage, np.ndarray]]:
    """The images that are to be done and can be read."""
    for source in sources:
        try:
            for image in source:
                pixels = _read(image, folder, report)
                if pixels is None:
                    bar.update()
                else:
                    yield image, pixels
        except ImageError as error:
            # A video that ends early, or is none.
            report.failures.append(str(error))


def _read(image: SourceImage, folder: RunFolder, report: RunReport) -> np.ndarray | None:
    """(H, W, 3) uint8, or None for an image that is done, or bad."""
    try:
        if folder.is_done(image):
            report.skipped += 1
            return None
        return image.read()
    except (ImageError, RunFolderError) as error:
        report.failures.append(str(error))
        return None


def _batches(items: Iterable, size: int) -> Iterator[list]:
    batch = []
    for item in items:
        batch.append(item)
        if len(batch) == size:
            yield batch
            batch = []
    if batch:
        yield batch


def _with_people(
    find_people: FindPeople, batch: list[tuple[SourceImage, np.ndarray]], report: RunReport
) -> list[tuple[tuple[SourceImage, np.ndarray], list[Person]]]:
    """The images of a batch that the model can take, with their people."""
    try:
        return list(zip(batch, find_people([pixels for _, pixels in batch]), strict=True))
    except ImageError as error:
        if len(batch) == 1:
            report.failures.append(f"{batch[0][0]}: {error}")
            return []
    # One by one, to learn which of them it was.
    return [found for one in batch for found in _with_people(find_people, [one], report)]
