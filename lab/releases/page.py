"""MODEL_ZOO.md, made from the index of a zoo."""

from __future__ import annotations

import dataclasses
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence

from detectron2.config import CfgNode
from tabulate import tabulate

from uncertain_densepose.model_zoo.zoo import ModelZoo, Release

CENTIMETRES = (1, 2, 3, 5, 10, 20)
NOT_MEASURED = "–"


@dataclasses.dataclass(frozen=True)
class Column:
    """A number of a table.

    Attributes:
        title: above it.
        task, metric: where metrics have it.
        decimals: that are printed.
        tolerance: by how much it may change when a model is released.
    """

    title: str
    task: str
    metric: str
    decimals: int
    tolerance: float

    def value(self, metrics: Mapping[str, Mapping[str, float | None]]) -> float | None:
        """The number, None where it was not measured."""
        return metrics.get(self.task, {}).get(self.metric)

    def text(self, metrics: Mapping[str, Mapping[str, float | None]]) -> str:
        """The number as it is printed."""
        value = self.value(metrics)
        return NOT_MEASURED if value is None else f"{value:.{self.decimals}f}"


def _percent(title: str, task: str, metric: str) -> Column:
    return Column(title, task, metric, decimals=1, tolerance=0.5)


def _nats(title: str, metric: str) -> Column:
    return Column(title, "likelihood_gt_boxes", metric, decimals=3, tolerance=0.02)


RESULTS = (
    _percent("box AP", "bbox", "AP"),
    _percent("GPS AP", "densepose_gps", "AP"),
    _percent("GPSm AP", "densepose_gpsm", "AP"),
    _nats("nats", "nats_per_point"),
    _nats("nats, one by one", "nats_per_point_full_marginal"),
    _nats("nats, one variance", "global_variance_nats_per_point"),
    *(
        _percent(f"in the {level} % ellipse", "calibration_gt_boxes", f"coverage_{level}")
        for level in (50, 90, 95)
    ),
)
"""What a model reaches on the test set of its config."""


def _within(suffix: str) -> tuple[Column, ...]:
    return tuple(
        _percent(f"{limit} cm", "correspondence_gt_boxes", f"within_{limit}cm{suffix}")
        for limit in CENTIMETRES
    )


DISTANCES = {"the labels": _within(""), "the truth": _within("_true")}
"""Shares of points within a distance, by what the distance is measured to."""

COLUMNS = (*RESULTS, *(column for columns in DISTANCES.values() for column in columns))
"""All numbers of the page that are measured."""

BEFORE = """\
# Model zoo

This page is made from `projects/uncertain_densepose/model_zoo/index.json` by
`python -m lab.zoo_page > MODEL_ZOO.md`; `python -m lab.release_checkpoint` does both.

```python
from uncertain_densepose.inference import Predictor
for person in Predictor.from_zoo("synth/unc_full_small")("photo.jpg"):
    person.part, person.uv, person.sigma_cm
```

After `from uncertain_densepose import model_zoo`, `model_zoo.get(name)` is the Detectron2 model,
`model_zoo.get_config(name)` its config and `model_zoo.get_checkpoint(name)` the path of its
weights, which is given out only if its SHA-256 is that of the index. `MODEL.WEIGHTS` and
`--weights` of this project's tools take the `.safetensors`. Detectron2's own
`DetectionCheckpointer`, and so its stock train script, takes the `.pkl` of the same weights, which
`model_zoo.write_pickle(name)` writes.
"""

ABOUT = {
    "synth/unc_full_small": """\
## What `synth/unc_full_small` is good and bad at

It has learned from rendered people alone, and never seen a photograph: one person who stands or
walks and is nearly as high as the picture. It scales pictures to 220 pixels at most. People who are
small in a picture are missed, crowds too; larger input finds more of them:

```python
Predictor.from_zoo(
    "synth/unc_full_small",
    overrides=["INPUT.MIN_SIZE_TEST", "640", "INPUT.MAX_SIZE_TEST", "900"],
)
```

Its data are made by `make data PRESET=upright` and
`tools/relabel_synthetic_dataset.py --data datasets/synth_people_upright`.
""",
}
"""Model to a section of its own, once it is released."""

HOW_TO_READ = """\
Every number is of the released file, measured on the test set of its config, and not of the
checkpoint that it was made from.

- **box AP, GPS AP, GPSm AP** (%, higher is better): in the boxes that the model detects.
- All else is measured at the annotated points in annotated boxes.
- **nats** (higher is better): mean log-density of the labels, a part's points jointly, divided by
  their number. It is a density in chart units, so it may be negative as well as above zero: 1 nat
  more means labels that are e = 2.7 times as probable a point. *One by one*: the same model's
  marginal of every point, without what a part's points share. *One variance*: its means with a
  single variance, fitted on training images; what a model knows about its errors is the difference.
- **in the 50, 90, 95 % ellipse** (%): how many labels lie in the ellipse that was predicted to hold
  that many; a calibrated model has 50, 90, 95. Fewer means too sure, more means too careful.
- **points within 1 to 20 cm** (%, higher is better): geodesic distance on the body, of a point for
  which the model says background infinite. *The labels* are what annotators say, as on real data;
  *the truth* is known for rendered people alone.
- **train time** is that of the training steps alone; **memory** is the most that tensors took on a
  GPU, or the whole process on a CPU.
- **commit** is that of the sources which trained the model, `-dirty` if files differed from it.
"""

NOT_RELEASED = """\
## Not released yet

These have a config and no checkpoint yet, and the command that makes one. `--num-gpus N` trains on
N GPUs; a data set that is missing is named together with what makes it.
"""


def duration(seconds: float) -> str:
    """A time as 25 min or 3 h 20 min."""
    minutes = max(1, round(seconds / 60))
    return f"{minutes // 60} h {minutes % 60} min" if minutes >= 60 else f"{minutes} min"


def zoo_page(zoo: ModelZoo) -> str:
    """The page of a zoo, in Markdown."""
    releases = zoo.releases()
    sections = [BEFORE]
    if releases:
        sections += [
            "## Released models\n",
            _table(_FILE_TITLES, [_file_row(*item) for item in releases.items()]),
            "## What they reach\n",
            _table(
                ["model", *(column.title for column in RESULTS)],
                [[name, *_texts(RESULTS, one)] for name, one in releases.items()],
            ),
            "Points within a distance (%)\n",
            _table(
                ["model", "of", *(f"{limit} cm" for limit in CENTIMETRES)],
                [
                    [name, of, *_texts(columns, release)]
                    for name, release in releases.items()
                    for of, columns in DISTANCES.items()
                    if any(column.value(release.metrics) is not None for column in columns)
                ],
            ),
            "## How to read the tables\n",
            HOW_TO_READ,
            *(ABOUT[name] for name in releases if name in ABOUT),
        ]
    missing = [name for name in zoo.names() if name not in releases]
    if missing:
        sections += [
            NOT_RELEASED,
            *_networks({name: zoo.get_config(name) for name in missing}, zoo.training_command),
        ]
    return "\n".join(sections)


def _networks(configs: Mapping[str, CfgNode], command: Callable[[str], str]) -> list[str]:
    """A table for each training set, smaller backbones first."""
    rows = defaultdict(list)
    for name, cfg in configs.items():
        row = [f"[{name}](configs/{name}.yaml)", *_network(cfg), f"`{command(name)}`"]
        rows[", ".join(cfg.DATASETS.TRAIN)].append(row)
    return [
        text
        for data, models in rows.items()
        for text in (
            f"Trained on {data}:\n",
            _table(_NETWORK_TITLES, sorted(models, key=lambda row: (int(row[1]), *row[2:]))),
        )
    ]


_NETWORK_TITLES = ("model", "layers", "head", "noise model", "made by")


def _network(cfg: CfgNode) -> list[str]:
    """What tells a model from others of its training set."""
    head = cfg.MODEL.ROI_DENSEPOSE_HEAD
    return [str(cfg.MODEL.RESNETS.DEPTH), head.NAME, head.UV_CONFIDENCE.TYPE]


_FILE_TITLES = (
    *("model", "file", "SHA-256", "licence", "seed", "commit", "iterations"),
    *("train time", "memory", "on"),
)


def _file_row(name: str, release: Release) -> list[str]:
    training = release.training
    processes = training["processes"]
    return [
        f"[{name}](configs/{name}.yaml)",
        _files(release),
        release.sha256[:16],
        release.licence,
        str(training["seed"]),
        training["commit"],
        str(training["iterations"]),
        duration(training["seconds"]),
        f"{training['peak_memory_mib']:.0f} MiB",
        training["device"] if processes == 1 else f"{processes} x {training['device']}",
    ]


def _files(release: Release) -> str:
    if not release.address:
        return f"{release.file}, in the package"
    linked = {release.file: release.file, ".pkl": release.pickle_file}
    return ", ".join(f"[{text}]({release.address}/{file})" for text, file in linked.items())


def _texts(columns: Sequence[Column], release: Release) -> list[str]:
    return [column.text(release.metrics) for column in columns]


def _table(titles: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    return tabulate(rows, titles, tablefmt="pipe", disable_numparse=True) + "\n"
