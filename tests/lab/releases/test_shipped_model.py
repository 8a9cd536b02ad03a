"""The model in the package reaches what its page states, on whichever machine this runs."""

import pytest

from lab.releases.page import COLUMNS
from lab.releases.releasing import load_and_evaluate
from synthetic_people.dataset import make_dataset
from synthetic_people.worlds import WORLDS
from synthetic_people.worlds.relabel import RenderedSplit, write_world
from uncertain_densepose import model_zoo
from uncertain_densepose.surface.paths import data_root, default_surface_path

NAME = "synth/unc_full_small"
DATA = "synth_people_upright"


@pytest.fixture(scope="module")
def upright_data(embedded_surface):
    """The people that the model was trained on; rendering them takes a quarter of an hour."""
    folder = data_root() / DATA
    make_dataset(folder, "upright", seed=0, workers=2, surface_path=default_surface_path())
    for split in ("train", "val"):
        if not (folder / f"{split}_annotator.json").exists():
            source = RenderedSplit.load(folder, split, embedded_surface)
            write_world(source, "annotator", WORLDS["annotator"](embedded_surface))


@pytest.mark.slow
def test_the_shipped_model_reaches_its_stated_metrics_to_the_printed_digits(upright_data, tmp_path):
    stated = model_zoo.BUILTIN.releases()[NAME].metrics
    config = model_zoo.get_config(NAME)
    _, measured = load_and_evaluate(model_zoo.get_checkpoint(NAME), config, tmp_path)
    for column in COLUMNS:
        # Another processor may round the last printed digit to its neighbour.
        unit = 10.0**-column.decimals
        before, after = column.value(stated), column.value(measured)
        assert after == pytest.approx(before, abs=unit), column
