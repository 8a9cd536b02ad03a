"""The table of DensePose's evaluation, of 27 554 vertices and 759 MB, does not fill the memory."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests.uncertain_densepose.evaluation import big_table


@pytest.mark.slow
@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc/self/status")
def test_evaluation_with_a_table_of_27554_vertices_stays_small(tmp_path, capsys):
    surface = big_table.make_big_surface(tmp_path)
    assert (tmp_path / "big.npy").stat().st_size > 2 * 379_597_000
    run = subprocess.run(
        [sys.executable, big_table.__file__, str(surface), str(tmp_path)],
        capture_output=True,
        text=True,
        cwd=Path(__file__).parents[3],
    )
    assert run.returncode == 0, run.stderr
    seen = json.loads(run.stdout.splitlines()[-1])
    with capsys.disabled():
        print("\n" + "\n".join(f"{key}: {value}" for key, value in seen.items()))
    # All that is resident counts, pages of the file too, at the moment when it is most.
    assert seen["lookups"]["VmHWM"] - seen["before"]["VmRSS"] < 200
    assert seen["largest_relative_error"] < 1e-3
    assert 5 < seen["gps_ap"] < 100
