"""Synthetic data sets on disk: made in parallel, resumable, the same bytes from the same seed.

The random generator of an image is seeded with (seed, split, index), so neither the number of
workers nor an interruption changes the result. That holds on one machine: other processors and
other versions of libraries round differently. A data set begun on one machine may be finished on
another; each image then comes entirely from one of them.

``complete.json`` is written last and holds the statistics of each split. Until then, ``shards/``
records which images are done.
"""

from __future__ import annotations

import dataclasses
import json
import zlib
from collections.abc import Iterator
from pathlib import Path

from tqdm import tqdm

from uncertain_densepose.atomic_file import is_leftover, remove_leftovers
from uncertain_densepose.errors import UserError
from uncertain_densepose.surface import Surface, default_surface_path

from .background_files import find_backgrounds
from .built_surface import ensure_embedded_surface
from .presets import SPLITS, Preset, find_preset
from .requirements import require_synth_extra
from .scene_kind import SceneKind
from .shards import (
    IMAGE_FOLDER,
    JPEG_END,
    SHARD_FOLDER,
    ends_with,
    image_path,
    make_folders,
    read_shard,
    write_atomically,
)
from .surface_checksum import surface_crc32
from .worlds import WORLDS, world_file_name

GENERATOR_VERSION = 1
"""Changes whenever this code makes other images or annotations of the same seed."""

PARAMETERS_FILE, COMPLETE_FILE = "parameters.json", "complete.json"
COCO_END = b"\n]}\n"
"""How the files of `coco_files` end, and nothing within them does."""
_DIGITS = 6 * "[0-9]"
_FIRST_FIELDS = ("num_people_weights", "stances", "close_up_share", "with_things")
_FIRST_ID = {"train": 1, "val": 1_000_001}


class DatasetFolderError(UserError, ValueError):
    """The folder holds something else. The message names the folder, what differs, the remedy."""


@dataclasses.dataclass(frozen=True)
class DatasetSummary:
    """What `make_dataset` did.

    Attributes:
        folder: of the data set.
        made, reused: numbers of images rendered by this call, and found finished.
        statistics: ``info.statistics`` of each split.
    """

    folder: Path
    made: int
    reused: int
    statistics: dict[str, dict]


def make_dataset(
    out_dir: str | Path,
    preset: str,
    seed: int = 0,
    workers: int = 1,
    surface_path: str | Path | None = None,
    *,
    backgrounds: str | Path | None = None,
    overwrite: bool = False,
    progress: bool = False,
) -> DatasetSummary:
    """Make a synthetic data set, or finish one that was interrupted.

    Args:
        out_dir: its folder; made if need be.
        preset: a name of `presets.PRESETS`.
        seed: at least 0.
        workers: processes; with 1 this process does the work.
        surface_path: the embedded surface, built first if there is no such file; the default path
            when left out.
        backgrounds: a folder of photographs and panoramas without people, to put behind rendered
            ones; see `background_files.read_background`. Without it backgrounds are painted.
        overwrite: delete a data set of other parameters instead of refusing; files that are not of
            it stay.
        progress: show a progress bar on stderr.

    Raises:
        ValueError: an unknown preset, a negative seed, no workers, or a surface that is not that of
            the installed body model.
        DatasetFolderError: the folder holds a data set of other parameters, or other files.
        BackgroundError: there is no such folder of backgrounds, it has no picture, or one of them
            cannot be read.
        SurfaceFileError: the surface cannot be used.
        MissingExtraError: the packages of the extra ``synth`` are not installed.
        WorkerError: an image could not be made; the ones so far are kept.
    """
    chosen = find_preset(preset)
    if seed < 0 or workers < 1:
        raise ValueError(f"seed must be at least 0 and workers at least 1, got {seed}, {workers}")
    root = Path(out_dir)
    surface_path = Path(surface_path) if surface_path is not None else default_surface_path()
    surface = ensure_embedded_surface(surface_path, workers, progress)
    pictures = None if backgrounds is None else find_backgrounds(Path(backgrounds))
    parameters = _parameters(preset, chosen, seed, surface, pictures)
    _claim(root, parameters, overwrite)

    total = sum(chosen.num_images(split) for split in SPLITS)
    finished = _read_if_complete(root, chosen)
    if finished is not None:
        return DatasetSummary(root, 0, total, finished)
    require_synth_extra()
    # Imported only now, so that looking at a complete set needs neither torch nor the body model.
    from .coco_files import write_coco_file
    from .workers import ImageTask, make_images

    (root / COMPLETE_FILE).unlink(missing_ok=True)
    make_folders(root)
    remove_leftovers(root)
    tasks = [
        ImageTask(
            *(str(root), seed, split, index, chosen.image_sizes, chosen.scene),
            None if pictures is None else (str(backgrounds), tuple(pictures)),
        )
        for split in SPLITS
        for index in range(chosen.num_images(split))
        if read_shard(root, split, index) is None
    ]
    with tqdm(
        total=total, initial=total - len(tasks), desc=f"people ({preset})", unit="image",
        disable=not progress,
    ) as bar:  # fmt: skip
        make_images(tasks, surface, surface_path, workers, bar.update)
    statistics = {}
    for split in SPLITS:
        count = chosen.num_images(split)
        content = write_coco_file(root, split, count, parameters, _FIRST_ID[split])
        _delete_stale_worlds(root, split, zlib.crc32(content))
        statistics[split] = json.loads(content)["info"]["statistics"]
    entries = {split: {"statistics": of_split} for split, of_split in statistics.items()}
    write_atomically(root / COMPLETE_FILE, json.dumps(entries).encode())
    return DatasetSummary(root, len(tasks), total - len(tasks), statistics)


def summary_text(summary: DatasetSummary, seconds: float) -> str:
    """Text for the screen: how many images were made, in how many seconds, and what they show."""
    state = f"{summary.made} images made in {seconds:.0f} s" if summary.made else "complete"
    lines = [f"{summary.folder}: {state}, {summary.reused} were there"]
    lines += [
        f"  {split:5} {numbers['images']} images, {numbers['people']} people, "
        f"{numbers['people_with_dense_labels']} of them with {numbers['points']} points; "
        f"{100 * numbers['clipped_label_share']:.2f} % of the labels clipped"
        for split, numbers in summary.statistics.items()
    ]
    return "\n".join(lines)


def _parameters(
    name: str, preset: Preset, seed: int, surface: Surface, backgrounds: dict[str, int] | None
) -> dict:
    """What the bytes of a data set depend on, besides the processor and versions of libraries."""
    # Data sets of the usual kind do not mention it, nor that their backgrounds are painted.
    scene = {} if preset.scene == SceneKind() else {"scene": _as_json(preset.scene)}
    return {
        "preset": name,
        "seed": seed,
        "generator_version": GENERATOR_VERSION,
        "num_images": {split: preset.num_images(split) for split in SPLITS},
        "image_sizes": [list(size) for size in preset.image_sizes],
        "surface": surface.name,
        "surface_crc32": surface_crc32(surface),
        **scene,
        **({} if backgrounds is None else {"backgrounds": backgrounds}),
    }


def _as_json(kind: SceneKind) -> dict:
    """Its fields as they are read back from json, tuples being lists.

    Fields that came later are left out at their defaults, so that older data sets stay valid.
    """
    fields = json.loads(json.dumps(dataclasses.asdict(kind)))
    usual = json.loads(json.dumps(dataclasses.asdict(SceneKind())))
    return {
        name: value
        for name, value in fields.items()
        if name in _FIRST_FIELDS or value != usual[name]
    }


def _claim(root: Path, parameters: dict, overwrite: bool) -> None:
    """Make ``root`` the folder of a data set with these parameters, or refuse."""
    file = root / PARAMETERS_FILE
    if file.exists():
        try:
            found = json.loads(file.read_bytes())
        except ValueError as error:
            if not overwrite:
                raise DatasetFolderError(f"{file}: damaged; start anew by --overwrite") from error
            found = {}
        # Backgrounds may be on either side only.
        keys = dict.fromkeys([*parameters, "backgrounds"])
        different = [key for key in keys if found.get(key) != parameters.get(key)]
        if not different:
            return
        if not overwrite:
            remedy = "Choose another folder, or replace it by --overwrite"
            if different == ["surface_crc32"]:
                # A surface of the same body, built anew elsewhere, differs in its last bits.
                remedy = (
                    "Give the surface that it was begun with by --surface: one that another "
                    f"machine has built is not the same. {remedy}"
                )
            found = "; ".join(
                _difference(key, found.get(key), parameters.get(key)) for key in different
            )
            raise DatasetFolderError(f"{root} holds another data set: {found}. {remedy}")
        _delete(root)
    elif root.exists() and not all(is_leftover(path) for path in root.iterdir()):
        raise DatasetFolderError(
            f"{root} is neither empty nor a synthetic data set; choose another"
        )
    root.mkdir(parents=True, exist_ok=True)
    write_atomically(file, (json.dumps(parameters, indent=1) + "\n").encode())


def _difference(key: str, found, wanted) -> str:
    if key != "backgrounds":
        return f"{key} is {found}, not {wanted}"
    found, wanted = found or {}, wanted or {}
    other = sorted(name for name in found | wanted if found.get(name) != wanted.get(name))
    return (
        f"it has {len(found)} background pictures, not these {len(wanted)}, of which "
        f"{len(other)} differ, such as {other[0]}"
    )


def _delete(root: Path) -> None:
    """Remove the files of a data set, and nothing else that may be in its folders."""
    for split in SPLITS:
        images = (root / IMAGE_FOLDER / split).glob(f"{_DIGITS}.jpg")
        shards = (root / SHARD_FOLDER / split).glob(f"{_DIGITS}.json.gz")
        for path in (*images, *shards):
            path.unlink()
        for path, _ in _noise_worlds(root, split):
            path.unlink()
        (root / f"{split}.json").unlink(missing_ok=True)
    # Last: without it an interrupted deletion would leave a folder that is nobody's.
    for name in (COMPLETE_FILE, PARAMETERS_FILE):
        (root / name).unlink(missing_ok=True)


def _delete_stale_worlds(root: Path, split: str, json_crc32: int) -> None:
    """Remove noise worlds made of other annotations than these, or cut short.

    Images may have been made anew on another machine, and a world's labels are those of the old
    ones. `relabel.write_world` can make it again.
    """
    for path, source_crc32 in _noise_worlds(root, split):
        if source_crc32 != json_crc32 or not ends_with(path, COCO_END):
            path.unlink()


def _noise_worlds(root: Path, split: str) -> Iterator[tuple[Path, int]]:
    """The files that `relabel.write_world` has written, each with the checksum of its source.

    A file of such a name whose first line does not say so is somebody's own, and left out.
    """
    for world in WORLDS:
        path = root / world_file_name(split, world)
        try:
            with path.open("rb") as file:
                info = json.loads(file.readline().rstrip(b",\n") + b"}")["info"]["noise_world"]
            if (info["name"], info["source"]) == (world, f"{split}.json"):
                yield path, info["source_crc32"]
        except (FileNotFoundError, ValueError, KeyError, TypeError):
            continue


def _read_if_complete(root: Path, preset: Preset) -> dict | None:
    """Statistics by split of a complete data set; None if a file is missing or cut short.

    The checksums that earlier versions stored as well are ignored.
    """
    try:
        entries = json.loads((root / COMPLETE_FILE).read_bytes())
        statistics = {split: entries[split]["statistics"] for split in SPLITS}
    except (FileNotFoundError, ValueError):
        return None
    whole = all(
        ends_with(root / f"{split}.json", COCO_END)
        and all(
            ends_with(image_path(root, split, index), JPEG_END)
            for index in range(preset.num_images(split))
        )
        for split in SPLITS
    )
    return statistics if whole else None
