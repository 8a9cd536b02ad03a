"""What an experiment consists of: its config keys, its cells, and which of them are to be run."""

from __future__ import annotations

import json
import zlib
from collections.abc import Sequence
from dataclasses import asdict, dataclass, fields
from pathlib import Path

from detectron2.config import CfgNode, get_cfg

from uncertain_densepose.config import (
    ConfigError,
    add_uncertain_densepose_config,
    merge_config_file,
)
from uncertain_densepose.config_checks import check_config
from uncertain_densepose.config_file import read_config_file
from uncertain_densepose.errors import UserError

from ..flat_keys import flat_keys


class ExperimentError(UserError, ValueError):
    """An experiment that cannot be run as asked; the message says what to change."""


def add_experiment_config(cfg: CfgNode) -> None:
    """Add the keys `EXPERIMENT.*` to a config, in place."""
    options = cfg.EXPERIMENT = CfgNode()
    # Folder of the synthetic data set below $DETECTRON2_DATASETS, with <split>_<world>.json files.
    options.DATASET = "synth_people_bench"
    # Side of the crops, pixels.
    options.CROP_SIDE = 96
    # Share of the training images, the last ones, that are the validation set.
    options.VALIDATION_SHARE = 0.08
    # Steps of a cell of the tuning, which is evaluated at its end alone; 0 for SOLVER.MAX_ITER.
    options.TUNING_ITER = 0
    # Where reported models are evaluated, as shares of SOLVER.MAX_ITER.
    options.EVALUATE_AT = [0.25, 0.5, 1.0]
    # Seeds of the reported runs: of initial weights, draws and flips, the same for all models.
    options.SEEDS = [1, 2, 3]
    # The csv with a row a cell, length of training and split.
    options.RESULTS = "output/experiment.csv"
    # Folder for the weights of reported models, as weights.weights_file names them; "" keeps none.
    options.WEIGHTS_DIR = ""
    # What python -m lab.experiment_uses measures of the models whose weights were kept: fusions of
    # FUSION_MEMBERS seeds that follow each other, and what clicks are worth.
    options.FUSION_MEMBERS = 4
    options.FUSION_RESULTS = "output/fusion.csv"
    options.CLICKS_RESULTS = "output/clicks.csv"
    # The world in which models are tuned, and the models of the table (UV_CONFIDENCE.TYPE).
    options.HEADLINE_WORLD = "annotator"
    options.HEADLINE_MODELS = ["mse", "iid_iso", "indep_aniso", "full"]
    # Worlds that are run with the settings chosen in the headline world, and their models.
    options.CONTROL_WORLDS = []
    options.CONTROL_MODELS = []

    tuning = options.TUNING = CfgNode()
    tuning.SEED = 0
    # Settings that every model is tried with (a single one is taken as it is):
    # [POINT_REGRESSION_WEIGHTS, MSE_ANCHOR_WEIGHT, WARM_START_ITERS as a share of the steps].
    tuning.GRID = [[0.5, 0.0, 0.0]]
    # What is maximised on the validation split at the end of training: [metric, weight] pairs,
    # their weighted sum.
    tuning.CRITERION = [["nats_per_point_own", 1.0]]


def load_experiment(config_file: str | Path, overrides: Sequence[str] = ()) -> CfgNode:
    """The config of an experiment, frozen.

    Args:
        config_file: path of a yaml file.
        overrides: KEY, VALUE, KEY, VALUE, ... that replace values of the file.

    Raises:
        FileNotFoundError: there is no such file.
        ExperimentError: a key is unknown, or its value has another type.
    """
    if not Path(config_file).is_file():
        raise FileNotFoundError(
            f"{str(config_file)!r}: no such file; configs/experiments/ has some"
        )
    cfg = get_cfg()
    add_uncertain_densepose_config(cfg)
    add_experiment_config(cfg)
    try:
        merge_config_file(cfg, str(config_file))
        cfg.merge_from_list(list(overrides))
        check_config(cfg)
    except ConfigError as error:
        raise ExperimentError(str(error)) from error
    except (AssertionError, KeyError, ValueError) as error:  # what yacs raises
        raise ExperimentError(f"{config_file}: {error}") from error
    cfg.freeze()
    return cfg


# Set by each cell, or about which cells there are and where they run.
_NOT_OF_THE_RECIPE = (
    "EXPERIMENT.SEEDS",
    "EXPERIMENT.RESULTS",
    "EXPERIMENT.WEIGHTS_DIR",
    "EXPERIMENT.FUSION_",
    "EXPERIMENT.CLICKS_RESULTS",
    "EXPERIMENT.HEADLINE_WORLD",
    "EXPERIMENT.HEADLINE_MODELS",
    "EXPERIMENT.CONTROL_WORLDS",
    "EXPERIMENT.CONTROL_MODELS",
    "EXPERIMENT.TUNING.",
    "MODEL.DEVICE",
    "OUTPUT_DIR",
)


def recipe(config_file: str | Path, overrides: Sequence[str] = ()) -> str:
    """Eight hex digits that identify the training and data that a file and its overrides set.

    Keys left at their defaults do not count, so rows stay valid when the project gets new keys.
    """
    said = flat_keys(read_config_file(config_file))
    said |= dict(zip(overrides[::2], overrides[1::2], strict=True))
    kept = {
        key: str(value) for key, value in said.items() if not key.startswith(_NOT_OF_THE_RECIPE)
    }
    return f"{zlib.crc32(json.dumps(kept, sort_keys=True).encode()):08x}"


@dataclass(frozen=True)
class Setting:
    """What is tuned.

    Attributes:
        uv_weight: of the loss of coordinates.
        anchor: weight of the squared error beside the likelihood.
        warm_start: share of the steps that train the means alone.
    """

    uv_weight: float
    anchor: float
    warm_start: float

    def __str__(self) -> str:
        return ", ".join(f"{name} {value:g}" for name, value in asdict(self).items())


WITHOUT_LIKELIHOOD = ("mse", "smooth_l1")
"""Models whose loss has no noise term."""


def effective_setting(model: str, setting: Setting) -> Setting:
    """The one setting that stands for all with the same effect on a model.

    Without a likelihood a warm start changes nothing, and the anchor adds to the weight.
    """
    if model not in WITHOUT_LIKELIHOOD:
        return setting
    return Setting(setting.uv_weight * (1 + setting.anchor), 0.0, 0.0)


@dataclass(frozen=True)
class ExperimentCell:
    """One training.

    Attributes:
        stage: "tune" or "final".
        world: of the labels. model: its noise model.
        seed: of weights, draws and flips.
        setting: None for a final cell whose model has not been tuned yet.
    """

    stage: str
    world: str
    model: str
    seed: int
    setting: Setting | None

    def __str__(self) -> str:
        name = f"{self.stage} {self.world} {self.model} seed {self.seed}"
        return f"{name}, {self.setting}" if self.stage == "tune" else name

    @property
    def known_setting(self) -> Setting:
        """The setting.

        Raises:
            ExperimentError: it is not known yet.
        """
        if self.setting is None:
            raise ExperimentError(f"{self}: its model has not been tuned yet")
        return self.setting

    def columns(self) -> dict[str, str]:
        """The cell as columns of the table.

        Raises:
            ExperimentError: its setting is not known yet.
        """
        values = {f.name: getattr(self, f.name) for f in fields(self) if f.name != "setting"}
        numbers = {name: f"{value:g}" for name, value in asdict(self.known_setting).items()}
        return {name: str(value) for name, value in values.items()} | numbers


CELL_COLUMNS = tuple(ExperimentCell("", "", "", 0, Setting(0, 0, 0)).columns())


def tuning_cells(cfg: CfgNode, model: str) -> list[ExperimentCell]:
    """The cells between which the setting of a model is chosen; none if there is no choice."""
    options = cfg.EXPERIMENT
    settings = settings_of(cfg, model)
    return [
        ExperimentCell("tune", options.HEADLINE_WORLD, model, options.TUNING.SEED, setting)
        for setting in settings
        if len(settings) > 1
    ]


def settings_of(cfg: CfgNode, model: str) -> list[Setting]:
    """The settings of the grid, each effect on a model once."""
    grid = [Setting(*map(float, values)) for values in cfg.EXPERIMENT.TUNING.GRID]
    return list(dict.fromkeys(effective_setting(model, setting) for setting in grid))


def final_cells(cfg: CfgNode, model: str, setting: Setting | None) -> list[ExperimentCell]:
    """The cells that are reported of a model."""
    options = cfg.EXPERIMENT
    worlds = [options.HEADLINE_WORLD] if model in options.HEADLINE_MODELS else []
    worlds += list(options.CONTROL_WORLDS) if model in options.CONTROL_MODELS else []
    return [
        ExperimentCell("final", world, model, seed, setting)
        for world in worlds
        for seed in options.SEEDS
    ]


def models_of(cfg: CfgNode) -> list[str]:
    """All models of an experiment, each once."""
    options = cfg.EXPERIMENT
    return list(dict.fromkeys([*options.HEADLINE_MODELS, *options.CONTROL_MODELS]))


def cell_steps(cfg: CfgNode, cell: ExperimentCell) -> int:
    """Training steps of a cell."""
    last = cfg.SOLVER.MAX_ITER
    return cfg.EXPERIMENT.TUNING_ITER or last if cell.stage == "tune" else last


class Filter:
    """Which cells are wanted.

    Args:
        text: `field=value,...` with fields of :class:`ExperimentCell`; a field that is named again
            may have either value. "" wants all.

    Raises:
        ExperimentError: it is not of that form.
    """

    FIELDS = ("stage", "world", "model", "seed")

    def __init__(self, text: str = ""):
        self._wanted: dict[str, set[str]] = {}
        for condition in filter(None, text.split(",")):
            name, equals, value = condition.partition("=")
            if not equals or name not in self.FIELDS:
                raise ExperimentError(
                    f"--only has {condition!r}, expected FIELD=VALUE with a field out of "
                    f"{', '.join(self.FIELDS)}"
                )
            self._wanted.setdefault(name, set()).add(value)

    def __call__(self, cell: ExperimentCell) -> bool:
        return all(str(getattr(cell, name)) in values for name, values in self._wanted.items())
