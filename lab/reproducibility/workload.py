"""What is compared: pictures and labels, a model's answers, a short training, its metrics.

Run as a process of its own, since libraries choose their code when they are loaded.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from pathlib import Path

import cv2
import numpy as np

from synthetic_people.dataset import make_dataset
from uncertain_densepose import add_uncertain_densepose_config, model_zoo
from uncertain_densepose.inference import Predictor

from ..flat_keys import flat_keys
from .settings import TINY_TRAINING

PRESET = "tiny"
_MODEL = "synth/unc_full_small"
TRAINING_STEPS = 5
TRAINING = TINY_TRAINING | {
    "SOLVER.MAX_ITER": str(TRAINING_STEPS),
    # Past the warm start, so that the joint likelihood is trained too.
    "MODEL.ROI_DENSEPOSE_HEAD.UV_CONFIDENCE.WARM_START_ITERS": "2",
    "SEED": "1",
}
LABELS = ("dp_I", "dp_U", "dp_V", "dp_x", "dp_y", "bbox", "area", "keypoints")


def _read(files: Sequence[Path]) -> np.ndarray:
    """(N, H, W, 3) uint8 pictures, blue, green, red.

    Raises:
        OSError: a file is not a picture that can be read.
    """
    pictures = []
    for file in files:
        picture = cv2.imread(str(file))
        if picture is None:
            raise OSError(f"{file}: not a picture that can be read")
        pictures.append(picture)
    return np.stack(pictures)


def rendered(folder: Path, surface: Path) -> dict[str, np.ndarray]:
    """Pictures and labels of the smallest preset, rendered into `folder`."""
    make_dataset(folder, PRESET, seed=0, workers=1, surface_path=surface)
    pictures = sorted((folder / "images").rglob("*.jpg"))
    found = {"pictures": _read(pictures)}
    people = [
        person
        for split in ("train", "val")
        for person in json.loads((folder / f"{split}.json").read_text())["annotations"]
    ]
    for field in LABELS:
        values = [np.ravel(person[field]) for person in people if field in person]
        found[f"labels {field}"] = np.concatenate(values)
    return found


def predicted(pictures: np.ndarray) -> dict[str, np.ndarray]:
    """What the shipped model says of pictures (N, H, W, 3)."""
    predictor = Predictor.from_zoo(_MODEL)
    people = [person for picture in pictures for person in predictor(picture)]
    return {
        "predicted boxes": np.stack([person.box_xyxy for person in people]),
        "predicted scores": np.array([person.score for person in people]),
        "predicted parts": _joined(person.part for person in people),
        "predicted uv": _joined(person.uv for person in people),
        "predicted sigma_cm": _joined(person.sigma_cm for person in people),
    }


def trained(out: Path) -> dict[str, np.ndarray]:
    """Losses and weights of the first steps of a training, on the data under the data root."""
    # Only here: it loads what the rest does not need.
    from detectron2.config import get_cfg
    from detectron2.utils.env import seed_all_rng
    from detectron2.utils.events import EventStorage

    from uncertain_densepose.config import merge_config_file
    from uncertain_densepose.engine import Trainer

    cfg = get_cfg()
    add_uncertain_densepose_config(cfg)
    merge_config_file(cfg, model_zoo.get_config_file("synth/unc_full"))
    cfg.merge_from_list(_training_options(out))
    seed_all_rng(cfg.SEED)
    trainer = Trainer(cfg)
    trainer.model.train()
    losses = []
    with EventStorage() as storage:
        for step in range(TRAINING_STEPS):
            trainer.iter = step
            trainer.run_step()
            losses.append(storage.history("total_loss").latest())
            storage.step()
    weights = [value.detach().ravel()[::1000] for value in trainer.model.parameters()]
    return {
        "training losses": np.array(losses),
        "trained weights": np.concatenate([value.numpy() for value in weights]),
    }


def evaluated(out: Path) -> dict[str, np.ndarray]:
    """Metrics of the shipped model."""
    from uncertain_densepose.engine import Trainer

    cfg = model_zoo.get_config(_MODEL)
    cfg.merge_from_list(_training_options(out))
    cfg.MODEL.WEIGHTS = str(model_zoo.get_checkpoint(_MODEL))
    model = model_zoo.get(_MODEL, device="cpu")
    values = flat_keys(Trainer.test(cfg, model))
    numbers = [values[name] for name in sorted(values) if isinstance(values[name], (int, float))]
    return {"metrics": np.array(numbers, dtype=np.float64)}


def _training_options(out: Path) -> list[str]:
    options = TRAINING | {"OUTPUT_DIR": str(out)}
    return [word for pair in options.items() for word in pair]


def _joined(arrays) -> np.ndarray:
    return np.concatenate([np.ravel(array) for array in arrays])


def main(surface: str, pictures: str, folder: str, result: str) -> None:
    """Compute everything and write it as an `.npz`.

    Args:
        surface: file of the body.
        pictures: folder of data under which models are run; the same for all processes.
        folder: for the pictures rendered here.
        result: the file to write.
    """
    found = rendered(Path(folder) / f"synth_people_{PRESET}", Path(surface))
    found |= predicted(_read(sorted(Path(pictures).rglob("val/*.jpg"))))
    found |= trained(Path(folder) / "training")
    found |= evaluated(Path(folder) / "evaluation")
    # The checker takes any name to be `allow_pickle`, the one option of `savez`.
    np.savez(result, **found)  # type: ignore[arg-type]


if __name__ == "__main__":
    main(*sys.argv[1:])
