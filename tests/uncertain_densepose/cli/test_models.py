"""Which model the options --model, --config-file and --weights name."""

import pytest

from tests.tool_loader import load_tool
from uncertain_densepose import model_zoo
from uncertain_densepose.cli.models import chosen_model
from uncertain_densepose.cli.options import UsageError, add_model, make_parser


@pytest.fixture
def choose(monkeypatch):
    """`chosen_model` of a command line, with a zoo that has every name."""
    monkeypatch.setattr(model_zoo, "get_config_file", lambda name: f"{name}.yaml")
    monkeypatch.setattr(model_zoo, "get_checkpoint", lambda name: f"{name}.pth")
    parser = make_parser()
    add_model(parser.add_argument)
    return lambda *arguments: chosen_model(parser.parse_args(arguments))


def test_a_model_is_ones_own_or_of_the_zoo(choose):
    assert choose("--config-file", "a.yaml", "--weights", "b.pth") == ("a.yaml", "b.pth")
    assert choose("--model", "synth/a") == ("synth/a.yaml", "synth/a.pth")


@pytest.mark.parametrize(
    "arguments",
    [
        (),
        ("--weights", "w.pth"),
        ("--config-file", "c.yaml"),
        ("--model", "m", "--weights", "w.pth"),
        ("--model", "m", "--config-file", "c.yaml", "--weights", "w.pth"),
    ],
)
def test_anything_else_is_refused(choose, arguments):
    with pytest.raises(UsageError, match="either --model, or both --config-file and --weights"):
        choose(*arguments)


def test_a_recalibration_of_a_released_model_needs_a_file(capsys):
    with pytest.raises(SystemExit) as end:
        load_tool("recalibrate").main(["--model", "synth/unc_full_small"])
    assert end.value.code == 2 and "--model needs --out" in capsys.readouterr().err
