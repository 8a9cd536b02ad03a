import numpy as np

from uncertain_densepose.surface import (
    COARSE_PART_NAMES,
    FINE_TO_COARSE,
    FLIP_PARTS,
    NUM_PARTS,
    PART_NAMES,
)


def test_tables_cover_24_parts_and_the_background():
    assert NUM_PARTS == 24
    assert len(PART_NAMES) == len(FINE_TO_COARSE) == len(FLIP_PARTS) == 25
    assert len(COARSE_PART_NAMES) == 15
    assert PART_NAMES[0] == COARSE_PART_NAMES[0] == "background"


def test_flip_is_an_involution_that_swaps_left_and_right_in_the_names():
    swapped = str.maketrans({"<": "right", ">": "left"})
    for part, name in enumerate(PART_NAMES):
        mirrored = name.replace("left", "<").replace("right", ">").translate(swapped)
        assert PART_NAMES[FLIP_PARTS[part]] == mirrored
        assert FLIP_PARTS[FLIP_PARTS[part]] == part


def test_every_coarse_part_holds_the_fine_parts_of_its_name():
    for fine, coarse in enumerate(FINE_TO_COARSE):
        words = set(COARSE_PART_NAMES[coarse].split())
        if COARSE_PART_NAMES[coarse] == "head":
            assert PART_NAMES[fine] in ("head right", "head left")
        else:
            assert words <= set(PART_NAMES[fine].split())


def test_every_coarse_part_is_used():
    assert np.array_equal(np.unique(FINE_TO_COARSE), np.arange(15))


def test_tables_cannot_be_written_to():
    assert not FLIP_PARTS.flags.writeable
    assert not FINE_TO_COARSE.flags.writeable
