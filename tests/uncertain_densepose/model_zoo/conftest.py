import pytest

from tests.published_models import own_cache, published
from uncertain_densepose.model_zoo import ModelZoo

__all__ = ["file", "own_cache", "published", "zoo"]


@pytest.fixture
def zoo(tmp_path):
    """A zoo of two models, of which none is released; a base and an experiment are none."""
    folder = tmp_path / "zoo"
    for name in ("Base-Wide", "wide", "synth/narrow", "synth/Base-Synth", "experiments/cells"):
        path = folder / "configs" / f"{name}.yaml"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(f'OUTPUT_DIR: "./output/{name}"\n')
    (folder / "index.json").write_text("{}\n")
    return ModelZoo(folder)


@pytest.fixture
def file(tmp_path):
    """What a release would hold, in a folder of its own."""
    path = tmp_path / "released" / "model_final_abcdef.safetensors"
    path.parent.mkdir()
    path.write_bytes(b"weights")
    return path
