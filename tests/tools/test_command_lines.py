"""What all command lines have in common: they are short, quick to explain themselves, and name as
choices what the project has."""

import resource
import subprocess
import sys

import pytest

from tests.tool_loader import ROOT

MAX_LINES = 80
NEEDS_NOTHING_INSTALLED = "setup_environment.py"
HEAVY = ("torch", "detectron2", "scipy", "matplotlib", "cv2", "pycocotools", "tqdm", "yaml")
"""Packages that take from a tenth of a second to seconds to import."""

TOOLS = sorted(path.name for path in (ROOT / "tools").glob("*.py"))
COMMANDS = sorted(
    path.stem for path in (ROOT / "lab").glob("*.py") if "__main__" in path.read_text()
)
LINES = [[f"tools/{name}"] for name in TOOLS] + [["-m", f"lab.{name}"] for name in COMMANDS]
SUBCOMMANDS = {
    "tools/apply_net.py": ("show", "dump", "surface"),
    "tools/import_surface.py": ("smpl", "charts", "mesh"),
    "lab.benchmark": ("losses", "head", "postprocessing"),
}
HELP = [
    [*line, *sub]
    for line in LINES
    for sub in ([], *([name] for name in SUBCOMMANDS.get(line[-1], ())))
]


@pytest.mark.parametrize("line", HELP, ids=" ".join)
def test_help_takes_less_than_a_second_and_imports_nothing_heavy(line):
    """Of the processor's time: the clock is as slow as the machine is busy."""
    command = [sys.executable, "-X", "importtime", *line, "--help"]
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    done = subprocess.run(command, capture_output=True, text=True, cwd=ROOT, check=True)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    assert after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime < 1
    imported = {text.rpartition("|")[2].strip() for text in done.stderr.splitlines()}
    assert "argparse" in imported and done.stdout.startswith("usage: ")
    assert not imported.intersection(HEAVY)


@pytest.mark.parametrize("name", [name for name in TOOLS if name != NEEDS_NOTHING_INSTALLED])
def test_a_tool_parses_calls_and_prints(name):
    text = (ROOT / "tools" / name).read_text()
    assert text.count("\n") <= MAX_LINES
    assert "run_tool" in text and "except" not in text.replace("except KeyboardInterrupt", "")


@pytest.mark.parametrize("name", COMMANDS)
def test_a_command_of_the_laboratory_does_too(name):
    text = (ROOT / "lab" / f"{name}.py").read_text()
    assert text.count("\n") <= MAX_LINES and "@run_tool\n" in text


def test_choices_are_what_there_is():
    from uncertain_densepose import choices
    from uncertain_densepose.cli import apply_help
    from uncertain_densepose.cli.actions import DUMP_FORMATS
    from uncertain_densepose.evaluation import PROTOCOLS
    from uncertain_densepose.inference import FUSION_RULES
    from uncertain_densepose.surface.importers import UP_AXES
    from uncertain_densepose.visualization import picture_layers

    assert choices.FUSION_RULE_NAMES == tuple(FUSION_RULES)
    assert choices.PROTOCOL_NAMES == tuple(PROTOCOLS)
    assert choices.UP_AXIS_NAMES == tuple(UP_AXES)
    assert choices.DUMP_FORMAT_NAMES == tuple(DUMP_FORMATS)
    own = {
        name: layer.__doc__
        for name, layer in picture_layers.PICTURE_LAYER_REGISTRY
        if layer.__module__.startswith("uncertain_densepose.")
    }
    assert own == apply_help.LAYERS


@pytest.mark.parametrize(
    "arguments",
    [
        [],
        ["--config-file", "c.yaml", "--resume", "--num-gpus", "2", "SOLVER.MAX_ITER", "3"],
        ["--eval-only", "--num-machines", "2", "--machine-rank", "1", "--dist-url", "auto"],
    ],
)
def test_train_scripts_have_the_command_line_of_detectron2(arguments):
    from detectron2.engine import default_argument_parser

    from uncertain_densepose.cli.launch_options import build_parser

    expected = default_argument_parser().parse_args(arguments)
    assert vars(build_parser().parse_args(arguments)) == vars(expected)
