"""Folders as the tools leave them, with invented metrics, figures and people."""

from __future__ import annotations

import json
from pathlib import Path

import cv2
import numpy as np

from tests.uncertain_densepose.inference.people_factory import flat_metric
from tests.uncertain_densepose.structures.random_maps import make_maps
from uncertain_densepose.inference import Person, result_records, save_people
from uncertain_densepose.inference.image_sources import file_stamp
from uncertain_densepose.visualization.html_report import (
    choose_images,
    figure_groups,
    metric_tables,
    read_pictures,
    read_results,
    render_page,
)

Box = tuple[float, float, float, float]


def random_person(
    box: Box, image_size: tuple[int, int], seed: int = 0, score: float = 0.9, noise: str = "full"
) -> Person:
    """A person whose parts, coordinates and variances change from pixel to pixel."""
    maps = make_maps(noise, boxes=1, side=9, seed=seed, coarse=2)
    return Person(np.array(box, np.float32), score, maps, image_size, flat_metric())


def random_image(path: Path, image_size: tuple[int, int], seed: int = 0) -> Path:
    """A picture file of smooth random colours."""
    path.parent.mkdir(parents=True, exist_ok=True)
    coarse = np.random.default_rng(seed).integers(0, 255, (4, 4, 3), dtype=np.uint8)
    cv2.imwrite(str(path), cv2.resize(coarse, image_size[::-1], interpolation=cv2.INTER_CUBIC))
    return path


def write_predictions(folder: Path, images: dict[Path, list[Person]]) -> Path:
    """A folder of people, as of tools/apply_net.py dump."""
    folder.mkdir(parents=True, exist_ok=True)
    records, done = [], []
    for number, (image, people) in enumerate(images.items()):
        name = f"{number:06d}.npz"
        save_people(folder / name, people, people[0].image_size)
        records += result_records(people, str(image), name)
        done.append(done_line(image))
    (folder / "predictions.json").write_text(json.dumps(records))
    (folder / "done.jsonl").write_text("".join(done))
    return folder


def done_line(image: Path) -> str:
    """How a run notes which file it read."""
    real = image.resolve()
    return json.dumps({"source": str(real), "stamp": file_stamp(real)}) + "\n"


def write_metrics(folder: Path, metrics: dict, data_set: str = "people_val") -> Path:
    """A folder with the metrics of a data set, as of tools/train_net.py."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / f"metrics_{data_set}.json").write_text(json.dumps(metrics))
    return folder


def write_figure(path: Path, size: tuple[int, int] = (30, 40)) -> Path:
    """A white PNG of a height and width."""
    path.parent.mkdir(parents=True, exist_ok=True)
    cv2.imwrite(str(path), np.full((*size, 3), 255, np.uint8))
    return path


def page_of(*folders: Path, title="Results", notes=(), max_side: int = 100) -> str:
    """The report of folders."""
    runs = read_results(folders)
    pictures = list(read_pictures(choose_images(runs, 9).entries, max_side))
    return render_page(title, runs, metric_tables(runs), figure_groups(runs), pictures, notes)
