"""--list: the models that can be named, and whether their weights are here."""

import pytest

from tests.published_models import NAME
from tests.release_factory import METRICS, release_of
from tests.tool_loader import load_tool
from uncertain_densepose.cli.model_list import model_list
from uncertain_densepose.model_zoo import BUILTIN


def row(text: str, name: str) -> list[str]:
    (line,) = [line for line in text.splitlines() if line.startswith(f"{name} ")]
    return line.removeprefix(name).split()


def test_weights_are_in_the_package_in_the_cache_or_to_be_downloaded(published, tmp_path):
    zoo, file, *_ = published
    (zoo.configs / "own.yaml").write_text("")
    (zoo.configs / "afar.yaml").write_text("")
    zoo.add("own", release_of(file), file.parent)
    zoo.add("afar", release_of(file, "https://example.org/zoo", metrics={}), file.parent)
    assert row(model_list(zoo), "own") == ["in", "the", "package", "61.2", "30.0", "-"]
    assert METRICS["bbox"]["AP"] == 61.25
    assert row(model_list(zoo), "afar") == ["to", "be", "downloaded", "-", "-", "-"]
    assert row(model_list(zoo), NAME) == ["to", "be", "downloaded", "60.7", "64.2", "65.7"]
    zoo.get_checkpoint(NAME)
    assert row(model_list(zoo), NAME)[:3] == ["in", "the", "cache"]


def test_the_tool_lists_all_models_with_weights_and_whose_numbers_they_are(capsys, own_cache):
    with pytest.raises(SystemExit) as end:
        load_tool("apply_net").main(["--list"])
    assert end.value.code == 0
    said = capsys.readouterr().out
    assert row(said, "synth/unc_full_small")[:3] == ["in", "the", "package"]
    for name in BUILTIN.published():
        assert row(said, name)[:3] == ["to", "be", "downloaded"]
    assert "their authors published" in said
