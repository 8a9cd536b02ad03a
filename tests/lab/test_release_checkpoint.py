"""From a training to a file in another place that reaches the same numbers."""

import importlib
import json
import shutil
import subprocess
from pathlib import Path

import pytest
import torch

from lab.releases.page import COLUMNS, zoo_page
from tests.tiny_training import OPTIONS, train_net, trained_folder
from tests.tool_processes import run_forked
from uncertain_densepose.config import load_config
from uncertain_densepose.model_zoo import ModelZoo
from uncertain_densepose.weights_file import sha256_of

MODULE = "lab.release_checkpoint"
METRICS = "metrics_synth_people_tiny_val.json"
FINAL = ("--half", "--address", "https://example.org/zoo/", "--licence", "CC0-1.0")


def new_zoo(folder: Path) -> ModelZoo:
    """A zoo whose one model has the config of the shared tiny training."""
    overrides = [word for pair in OPTIONS.items() for word in pair]
    cfg = load_config("configs/synth/unc_full.yaml", overrides)
    (folder / "configs" / "synth").mkdir(parents=True)
    (folder / "configs" / "synth" / "tiny.yaml").write_text(cfg.dump())
    (folder / "index.json").write_text("{}\n")
    return ModelZoo(folder)


def command_line(zoo: ModelZoo, trained: Path, **changes) -> list[str]:
    words = {
        "config": zoo.configs / "synth" / "tiny.yaml",
        "checkpoint": trained / "model_final.pth",
        "metrics": trained / METRICS,
        "out": zoo.folder / "out",
        "zoo": zoo.folder,
        "page": zoo.folder / "PAGE.md",
    } | changes
    positional = [str(words.pop(name)) for name in ("config", "checkpoint", "metrics")]
    return positional + [str(word) for key, path in words.items() for word in (f"--{key}", path)]


@pytest.fixture(scope="module")
def trained(tiny_data_root) -> Path:
    return trained_folder(tiny_data_root)


@pytest.fixture
def zoo(tmp_path) -> ModelZoo:
    return new_zoo(tmp_path / "zoo")


def release(root: Path, *arguments: str) -> subprocess.CompletedProcess:
    command = ["-m", MODULE, *arguments, "--device", "cpu"]
    return run_forked(command, DETECTRON2_DATASETS=str(root))


@pytest.fixture(scope="module")
def released(tiny_data_root, trained, tmp_path_factory) -> ModelZoo:
    """A zoo with the released tiny model."""
    zoo = new_zoo(tmp_path_factory.mktemp("released") / "zoo")
    done = release(tiny_data_root, *command_line(zoo, trained), *FINAL)
    assert done.returncode == 0, done.stderr[-3000:]
    assert "densepose" not in done.stderr.splitlines()[-1] and "SHA-256" in done.stdout
    return zoo


def test_a_release_is_weights_metrics_row_and_page(released, trained):
    out, row = released.folder / "out", released.releases()["synth/tiny"]
    assert {path.name for path in out.iterdir()} == {row.file, row.pickle_file, "metrics.json"}
    assert sha256_of(out / row.file) == row.sha256
    assert sha256_of(out / row.pickle_file) == row.pickle_sha256
    assert row.file == f"model_final_{row.sha256[:6]}.safetensors"
    assert (row.licence, row.address) == ("CC0-1.0", "https://example.org/zoo")
    assert row.training["iterations"] == 3 and "config" not in row.training
    assert json.loads((out / "metrics.json").read_text()) == row.metrics
    stated = json.loads((trained / METRICS).read_text())
    assert {task: set(values) for task, values in stated.items()} == {
        task: set(values) for task, values in row.metrics.items()
    }
    assert any(column.value(stated) for column in COLUMNS)
    assert (released.folder / "PAGE.md").read_text() == zoo_page(released)
    # Half of the single-precision weights, which are a third of what training keeps.
    assert (out / row.file).stat().st_size < (trained / "model_final.pth").stat().st_size / 2


def test_a_released_file_somewhere_else_reaches_its_metrics_to_the_digit(
    released, tiny_data_root, tmp_path
):
    row = released.releases()["synth/tiny"]
    copied = tmp_path / "downloads" / row.file
    copied.parent.mkdir()
    shutil.copy(released.get_checkpoint("synth/tiny", root=released.folder / "out"), copied)
    done = train_net(
        tiny_data_root, "--eval-only", OUTPUT_DIR=str(tmp_path), MODEL__WEIGHTS=str(copied)
    )
    assert done.returncode == 0, done.stderr[-3000:]
    found = (tmp_path / METRICS).read_text()
    assert found == (released.folder / "out" / "metrics.json").read_text()


def test_nothing_is_written_if_the_released_file_does_not_reach_what_was_stated(
    zoo, trained, tiny_data_root, tmp_path
):
    stated = json.loads((trained / METRICS).read_text())
    stated["likelihood_gt_boxes"]["nats_per_point"] += 0.5
    (tmp_path / "better.json").write_text(json.dumps(stated))
    arguments = command_line(zoo, trained, metrics=tmp_path / "better.json")
    done = release(tiny_data_root, *arguments, *FINAL)
    assert done.returncode == 2 and "Traceback" not in done.stderr
    last = done.stderr.splitlines()[-1]
    assert "error: likelihood_gt_boxes/nats_per_point is" in last and "as stated" in last
    assert not list((zoo.folder / "out").iterdir())
    assert not zoo.releases() and not (zoo.folder / "PAGE.md").exists()


@pytest.fixture
def refusal(zoo, trained, capsys):
    """A function that runs a command line and returns the line with which it is refused."""

    def run(*options, **changes) -> str:
        options = options or FINAL
        with pytest.raises(SystemExit) as ended:
            importlib.import_module("lab.release_checkpoint").main(
                [*command_line(zoo, trained, **changes), *options]
            )
        assert ended.value.code == 2
        assert not zoo.releases() and not list(zoo.folder.rglob("model_final*"))
        return capsys.readouterr().err.splitlines()[-1]

    return run


def test_checkpoints_that_cannot_be_released_are_refused(refusal, trained, tmp_path):
    content = torch.load(trained / "model_final.pth")
    name = next(iter(content["model"]))

    def changed(change):
        path = tmp_path / "changed.pth"
        torch.save(content | change, path)
        return path

    nan = {name: torch.full_like(content["model"][name], torch.nan)}
    line = refusal(checkpoint=changed({"model": content["model"] | nan}))
    assert f"changed.pth: {name} has values that are not finite" in line
    assert "does not say what made it" in refusal(checkpoint=changed({"trainer": {}}))
    line = refusal(checkpoint=trained / "model_0000001.pth")
    assert "model_0000001.pth: stopped at iteration 2 of 3" in line
    path = tmp_path / "attack.pth"
    path.write_bytes(b"cposix\nsystem\n(S'touch " + str(tmp_path / "trap").encode() + b"'\ntR.")
    assert "refused, and nothing of it was run: this checkpoint asks for posix.system" in refusal(
        checkpoint=path
    )
    assert not (tmp_path / "trap").exists()
    assert "none.pth" in refusal(checkpoint=tmp_path / "none.pth")


def test_configs_that_are_not_those_of_the_checkpoint_are_refused(refusal, zoo):
    other = zoo.configs / "other.yaml"
    text = (zoo.configs / "synth" / "tiny.yaml").read_text()
    other.write_text(text.replace("TYPE: full", "TYPE: indep_aniso"))
    assert "UV_CONFIDENCE.TYPE 'full', not 'indep_aniso'" in refusal(config=other)
    other.write_text(text.replace("- synth_people_tiny_val", "- a\n  - b"))
    assert "other.yaml: DATASETS.TEST must name exactly one data set" in refusal(config=other)
    assert "not a config of the zoo" in refusal(config="configs/synth/unc_full.yaml")
    assert "not a config of the zoo" in refusal(config=zoo.configs / "none.yaml")


@pytest.mark.parametrize("name", ["tiny model", "tiny;rm", "täny", "tiny-", "-", "a b/tiny"])
def test_names_that_are_not_plain_are_refused(refusal, zoo, name):
    path = zoo.configs / f"{name}.yaml"
    path.parent.mkdir(exist_ok=True)
    path.write_text("")
    assert f"{name}.yaml: rename it to letters" in refusal(config=path)


def test_metrics_and_addresses_that_are_none_are_refused(refusal, tmp_path):
    path = tmp_path / "metrics.json"
    for text, complaint in (
        ("{", "not the metrics of a training"),
        ("[1]", "expected {task: {metric: value}}"),
        ('{"bbox": 3}', "expected {task: {metric: value}}"),
    ):
        path.write_text(text)
        assert f"{path}: {complaint}" in refusal(metrics=path)
    assert "none.json: not the metrics" in refusal(metrics=tmp_path / "none.json")
    for address in ("http://example.org", "https://example.org/a b", "file:///x", "https://"):
        line = refusal("--licence", "CC0-1.0", "--address", address)
        assert f"--address {address}: expected https://host/path" in line
    assert "one of the arguments --ship --address is required" in refusal("--licence", "CC0-1.0")


def test_what_is_too_large_for_the_package_is_refused(refusal):
    line = refusal("--ship", "--licence", "CC0-1.0")
    assert "model_final.pth: its weights are 21.2 MB, the package takes 12; use half" in line
