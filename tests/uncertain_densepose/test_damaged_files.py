"""Files of our own formats, damaged at random: each is read, or refused in one line."""

import json
import random
from pathlib import Path

import numpy as np
import pytest
from scipy.io import loadmat, savemat

from tests.surface_factory import make_tiny_surface
from tests.uncertain_densepose.evaluation.scene import coco, labelled, write
from tests.uncertain_densepose.inference.people_factory import figure_person
from tests.uncertain_densepose.surface.importers.densepose_files import (
    write_subdiv,
    write_symmetry,
    write_uv_processed,
)
from uncertain_densepose.errors import UserError
from uncertain_densepose.evaluation import GroundTruth, Recalibration
from uncertain_densepose.evaluation.files.result_file import LeftOut, ResultFile, refuse
from uncertain_densepose.inference import coco_image_ids, load_people, result_records, save_people
from uncertain_densepose.structures.chart_mirror import TabulatedChartMirror
from uncertain_densepose.surface.importers import read_smpl_subdiv, read_uv_processed
from uncertain_densepose.visualization.html_report import read_results


def damaged(content: bytes, rng: random.Random) -> bytes:
    """A file cut off, with other bytes, with bytes that are missing, or with an odd length."""
    at = rng.randrange(len(content))
    kind = rng.randrange(4)
    if kind == 0:
        return content[:at]
    if kind == 1:
        return content[:at] + rng.randbytes(rng.randint(0, 64)) + content[at + rng.randint(1, 64) :]
    changed = bytearray(content)
    if kind == 2:
        for _ in range(rng.randint(1, 20)):
            changed[rng.randrange(len(changed))] = rng.randrange(256)
    else:
        at -= at % 4
        words = ("00000000", "ffffffff", "ffffff7f", "00000080", "01000000")
        changed[at : at + 4] = bytes.fromhex(rng.choice(words))
    return bytes(changed)


FILES = 100
SIZE = (80, 60)
ODD_VALUES = [
    *(None, True, -1, 0, 1e400, float("nan"), 2**70, 10**400, "", [], {}, "\ud800", [[[]]], 1.5)
]


def with_odd_values(content: bytes, rng: random.Random) -> bytes:
    """JSON with some values replaced and some left out."""

    def changed(value):
        if rng.random() < 0.05:
            return rng.choice(ODD_VALUES)
        if isinstance(value, dict):
            return {key: changed(one) for key, one in value.items() if rng.random() > 0.03}
        if isinstance(value, list):
            return [changed(one) for one in value if rng.random() > 0.01]
        return value

    return json.dumps(changed(json.loads(content))).encode()


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    root = tmp_path_factory.mktemp("damaged")
    people = [figure_person((5, 5, 50, 70), SIZE), figure_person((20, 10, 58, 79), SIZE)]
    save_people(root / "people.npz", people, SIZE)
    Recalibration(1.2, {3: 1.1}, {"weights": "a.pth"}).save(root / "recalibration.json")
    rng = np.random.default_rng(0)
    write(root / "truth.json", coco([labelled(1, 1, (20.0, 10.0, 60.0, 90.0), rng)], 1))
    result = {"image_id": 1, "category_id": 1, "bbox": [20.0, 10.0, 6.0, 4.0], "score": 0.5}
    result["densepose"] = np.ones((3, 4, 6), dtype=int).tolist()
    (root / "results.json").write_text(json.dumps([result] * 3))
    (root / "shown").mkdir()
    records = result_records(people, "a.png", "people.npz")
    (root / "predictions.json").write_text(json.dumps(records))
    (root / "metrics.json").write_text(json.dumps({"bbox": {"AP": 50.0}}))
    return root


def as_predictions(path: Path):
    (path.parent / "shown/predictions.json").write_bytes(path.read_bytes())
    return read_results([path.parent / "shown"])


def as_metrics(path: Path):
    (path.parent / "shown_metrics").mkdir(exist_ok=True)
    (path.parent / "shown_metrics/metrics.json").write_bytes(path.read_bytes())
    return read_results([path.parent / "shown_metrics/metrics.json"])


def as_results(path: Path, left_out=refuse):
    truth = GroundTruth.load(path.parent / "truth.json")
    return list(ResultFile(path, truth, left_out))


READERS = {
    "people.npz": load_people,
    "recalibration.json": Recalibration.load,
    "truth.json": lambda path: coco_image_ids(path, [Path("/x/1.jpg")]),
    "results.json": as_results,
    "lenient results.json": lambda path: as_results(path, LeftOut()),
    "predictions.json": as_predictions,
    "metrics.json": as_metrics,
}
"""By the name of a file, after how it is read."""


@pytest.mark.parametrize("name", READERS)
def test_a_damaged_file_is_read_or_refused_in_one_line(name, folder):
    source = folder / name.split()[-1]
    rng = random.Random(0)
    victim = folder / f"victim{source.suffix}"
    content, refused = source.read_bytes(), 0
    for _ in range(FILES):
        odd = source.suffix == ".json" and rng.random() < 0.6
        victim.write_bytes((with_odd_values if odd else damaged)(content, rng))
        try:
            READERS[name](victim)
        except UserError as error:
            refused += 1
            assert "\n" not in str(error)
    assert refused > FILES // 5


def test_400_damaged_mat_files_are_read_or_refused_in_one_line(tmp_path):
    """With SciPy's reader 179 of 400 were raw errors, and some ended the process."""
    surface = make_tiny_surface()
    charts = write_uv_processed(tmp_path / "charts.mat", surface)
    subdiv, transform = write_subdiv(tmp_path, surface)
    mirror = write_symmetry(tmp_path / "mirror.mat", 8)
    readers = [
        (charts, lambda path: read_uv_processed(path, surface.vertices)),
        (subdiv, lambda path: read_smpl_subdiv(path, transform)),
        (transform, lambda path: read_smpl_subdiv(subdiv, path)),
        (mirror, TabulatedChartMirror.load),
    ]
    for source, read in list(readers):
        fields = {k: v for k, v in loadmat(source).items() if not k.startswith("_")}
        packed = source.with_suffix(".packed")
        savemat(packed, fields, appendmat=False, do_compression=True)
        readers.append((packed, read))
    rng = random.Random(0)
    victim, refused = tmp_path / "victim.mat", 0
    for number in range(400):
        source, read = readers[number % len(readers)]
        victim.write_bytes(damaged(source.read_bytes(), rng))
        try:
            read(victim)
        except UserError as error:
            refused += 1
            assert "victim.mat" in str(error) and "\n" not in str(error)
    assert refused > 200
