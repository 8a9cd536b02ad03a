"""Yaml configs are data: nothing of a file is run, nothing is fetched, and faults are one line."""

from __future__ import annotations

import os
import re
import time
from pathlib import Path

import pytest

from lab.experiments.settings import ExperimentError, load_experiment, recipe
from tests.tool_loader import load_tool
from uncertain_densepose.config import ConfigError, load_config, merge_config_file
from uncertain_densepose.config_file import MAX_FILES, read_config_file


def attacks(trap: Path) -> dict[str, str]:
    """Values that make a trap when an unsafe reader constructs them."""
    return {
        "call": f"!!python/object/apply:os.system ['touch {trap}']",
        "new": f"!!python/object/new:os.system ['touch {trap}']",
        "eval": f'!!python/object/apply:eval [\'open("{trap}", "w")\']',
        "name": "!!python/name:os.system",
        "module": "!!python/module:os",
        "object": "!!python/object:collections.OrderedDict {}",
        "own": "!attack {}",
    }


def config(folder: Path, text: str, name: str = "a.yaml") -> str:
    path = folder / name
    path.write_text(text)
    return str(path)


def refused(path: str, read=load_config) -> str:
    """The message, which is one line and begins with the file."""
    with pytest.raises((ConfigError, ExperimentError)) as caught:
        read(path)
    message = str(caught.value)
    assert message.startswith(f"{path}: ") and "\n" not in message
    return message


@pytest.mark.parametrize("kind", attacks(Path("x")))
@pytest.mark.parametrize("read", [load_config, load_experiment, recipe, read_config_file])
def test_a_tag_is_not_run(tmp_path, kind, read):
    trap = tmp_path / "trap"
    path = config(tmp_path, f"VERSION: 2\nOUTPUT_DIR: {attacks(trap)[kind]}\n")
    message = refused(path, read)
    assert "line 2: refused, and nothing of it was run: the tag !" in message
    assert not trap.exists()


def test_a_tag_of_a_base_is_not_run(tmp_path):
    trap = tmp_path / "trap"
    base = config(tmp_path, f"SEED: {attacks(trap)['call']}", "base.yaml")
    path = config(tmp_path, "_BASE_: base.yaml\n")
    with pytest.raises(ConfigError, match=rf"^{base}: line 1: refused"):
        load_config(path)
    assert not trap.exists()


def options(tool: str, path: str, out: Path) -> list[str]:
    """A command line of a tool that comes to reading its config."""
    weights = ["--weights", path]
    out.mkdir()
    return {
        "train_net": ["--config-file", path],
        "apply_net": ["dump", path, "--config-file", path, *weights, "--out", str(out)],
        "recalibrate": ["--config-file", path, *weights, "--out", str(out / "a.json")],
        "fit_shared_variance": ["--config-file", path, *weights, "--out", str(out)],
        "ensemble": ["--config-file", path, *weights, f"{path}.pth", "--json", str(out / "a.json")],
        "lazyconfig_train_net": ["--config-file", path],
    }[tool]


def end_of(tool: str, arguments: list[str], capsys) -> str:
    """What a tool says when it stops with an error."""
    with pytest.raises(SystemExit) as stopped:
        load_tool(tool).main(arguments)
    assert stopped.value.code
    # Training says it by its status, so that it is printed once for all processes.
    return f"{capsys.readouterr().err}{stopped.value.code}"


@pytest.mark.parametrize(
    "tool",
    [
        "train_net",
        "apply_net",
        "recalibrate",
        "fit_shared_variance",
        "ensemble",
        "lazyconfig_train_net",
    ],
)
def test_no_tool_runs_a_yaml(tmp_path, tool, capsys):
    trap = tmp_path / "trap"
    path = config(tmp_path, f"OUTPUT_DIR: {attacks(trap)['call']}\n")
    said = end_of(tool, options(tool, path, tmp_path / "out"), capsys)
    assert f"error: {path}: " in said and "Traceback" not in said
    assert not trap.exists()


@pytest.mark.parametrize("name", ["https://example.org/a.py", "absent.py", "a.yaml", "a.txt"])
def test_a_python_config_is_a_file_of_this_machine_that_is_called_a_program(name, capsys):
    assert f"error: {name}: no python config" in end_of(
        "lazyconfig_train_net", ["--config-file", name], capsys
    )


@pytest.mark.parametrize(
    "base", ["http://127.0.0.1:9/a.yaml", "https://e.org/a.yaml", "detectron2://a", "file:///a"]
)
def test_a_remote_base_is_not_fetched(tmp_path, base):
    message = refused(config(tmp_path, f"_BASE_: {base}\n"))
    assert f"_BASE_ is '{base}'" in message and "nothing was fetched" in message


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "is empty"),
        ("# nothing\n", "is empty"),
        ("- SEED\n", "is a list"),
        ("42\n", "is a int"),
        ("SEED\n", "is a str"),
        ("SEED: 1\nSEED: 2\n", "line 2: the key SEED is given twice"),
        ("SOLVER: {BASE_LR: 1, BASE_LR: 2}\n", "line 1: the key BASE_LR is given twice"),
        ("1: 2\n", "line 1: the key 1 is not text"),
        ("null: 2\n", "line 1: the key None is not text"),
        ("? [a, b]\n: 2\n", "line 1: the key ['a', 'b'] is not text"),
        ("SOLVER:\n", "SOLVER has no value"),
        ("SOLVER: {BASE_LR: null}\n", "SOLVER.BASE_LR has no value"),
        ("SOLVER: 3\n", "SOLVER"),
        ("SEED: {A: 1}\n", "SEED"),
        ("SEED: 2001-01-01\n", "SEED"),
        ("SEED: 2001-99-01\n", "not yaml"),
        ("SEED: !!binary aGFsbG8=\n", "SEED"),
        ("SEED: [1\n", "not yaml"),
        ("SEED: \x00\n", "not yaml"),
        ("FOO: 1\n", "FOO"),
        ("VERSION: 99\n", "VERSION is 99"),
        ("VERSION: x\n", "VERSION is 'x'"),
        ("_BASE_: a.yaml\n", "_BASE_ leads back to the file itself"),
        ("_BASE_: .\n", "_BASE_ is '.': .* is a folder"),
        ("_BASE_: absent.yaml\n", "_BASE_ is 'absent.yaml': .* is missing"),
        ("_BASE_: 7\n", "_BASE_ is 7, expected the name of a yaml file"),
        ("_BASE_:\n", "_BASE_ is None, expected the name of a yaml file"),
        ("_BASE_: {}\n", "_BASE_ is {}, expected the name of a yaml file"),
        ("_BASE_: [3]\n", "_BASE_ is 3, expected the name of a yaml file"),
        ("<<: {SEED: 1}\n", "line 1: merge keys"),
        ("SEED: " + "9" * 4500 + "\n", "not yaml"),
        (f"SEED: {'[' * 5000}\n", "nested too deep"),
        (f"OUTPUT_DIR: '{'-' * 100_000}1'\n", "."),
        (f"OUTPUT_DIR: {'x' * 300_000}\n", "larger than"),
        ("SEED: &a [*a]\n", "more than 20000 values"),
    ],
)
def test_a_fault_is_one_line_that_names_file_and_key(tmp_path, text, said):
    assert re.search(re.escape(said).replace(r"\.\*", ".*"), refused(config(tmp_path, text)))


def test_bases_may_not_go_round(tmp_path):
    first = config(tmp_path, "_BASE_: b.yaml\n")
    config(tmp_path, "_BASE_: a.yaml\n", "b.yaml")
    with pytest.raises(ConfigError, match="leads back to the file itself"):
        load_config(first)


def test_bases_may_not_multiply(tmp_path):
    for number in range(30):
        config(tmp_path, f"_BASE_: [{number + 1}.yaml, {number + 1}.yaml]\n", f"{number}.yaml")
    config(tmp_path, "SEED: 1\n", "30.yaml")
    with pytest.raises(ConfigError, match=f"leads to more than {MAX_FILES} files"):
        load_config(str(tmp_path / "0.yaml"))


def test_aliases_may_not_multiply(tmp_path):
    lines = ["a0: &a0 [1, 1, 1, 1, 1, 1, 1, 1, 1, 1]"]
    lines += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]" for n in range(1, 30)]
    start = time.perf_counter()
    assert "more than 20000 values" in refused(config(tmp_path, "\n".join(lines)))
    assert time.perf_counter() - start < 5


def test_bases_are_merged_in_their_order_beside_the_file_that_names_them(tmp_path, monkeypatch):
    (tmp_path / "deep").mkdir()
    config(tmp_path, "SEED: 1\nSOLVER: {MAX_ITER: 1, BASE_LR: 0.5}\n", "one.yaml")
    config(tmp_path, "SEED: 2\nSOLVER: {MAX_ITER: 2}\n", "two.yaml")
    path = config(
        tmp_path, "_BASE_: [../one.yaml, ../two.yaml]\nSOLVER:\n  STEPS: (1, 2)\n", "deep/a"
    )
    cfg = load_config(path)
    assert (cfg.SEED, cfg.SOLVER.MAX_ITER, cfg.SOLVER.BASE_LR) == (2, 2, 0.5)
    assert cfg.SOLVER.STEPS == (1, 2)
    monkeypatch.setenv("HOME", str(tmp_path))
    assert load_config(config(tmp_path, "_BASE_: ~/one.yaml\n")).SEED == 1


def test_a_base_may_not_turn_a_section_into_a_value(tmp_path):
    config(tmp_path, "SOLVER: 3\n", "one.yaml")
    message = refused(config(tmp_path, "_BASE_: one.yaml\nSOLVER: {MAX_ITER: 2}\n"))
    assert "SOLVER holds keys, but is a value in _BASE_" in message


def test_tuples_are_read(tmp_path):
    path = config(tmp_path, "SOLVER: {STEPS: !!python/tuple [3, 4]}\n")
    assert load_config(path).SOLVER.STEPS == (3, 4)


def all_configs() -> list[str]:
    import detectron2.model_zoo

    own = Path("configs").rglob("*.yaml")
    theirs = Path(detectron2.model_zoo.__file__).parent.rglob("*.yaml")
    return sorted(map(os.fspath, (*own, *theirs)))


def test_our_configs_and_those_of_detectron2_merge_to_what_its_own_reader_makes_of_them():
    """All but RetinaNet's, whose anchors are a program: those are refused, in one line."""
    from detectron2.config import get_cfg

    from lab.experiments.settings import add_experiment_config
    from uncertain_densepose import add_uncertain_densepose_config

    def fresh():
        cfg = get_cfg()
        add_uncertain_densepose_config(cfg)
        add_experiment_config(cfg)
        return cfg

    compared = 0
    for path in all_configs():
        if "etina" in Path(path).read_text():
            assert "refused, and nothing of it was run: the tag" in str(
                pytest.raises(ConfigError, read_config_file, path).value
            )
            continue
        ours, theirs = fresh(), fresh()
        merge_config_file(ours, path)
        theirs.merge_from_file(path)
        assert ours == theirs, path
        compared += 1
    assert compared > 60
