"""Progress of long commands: a line now and then where there is no terminal."""

from __future__ import annotations

import io
import sys
import time

import numpy as np
import torch

from lab.benchmarks.timing import interleaved
from tests.surface_factory import make_tiny_surface
from tests.tool_loader import load_tool
from uncertain_densepose.cli import progress


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_a_log_gets_a_line_at_once_and_then_by_the_clock(capsys, monkeypatch):
    monkeypatch.setattr(progress, "LINE_EVERY_S", 0.1)
    with progress.progress_bar(desc="rows", total=40) as bar:
        written = capsys.readouterr().err
        assert written.startswith("rows:   0%|") and written.endswith("\n")
        for _ in range(40):
            time.sleep(0.01)
            bar.update()
    written = capsys.readouterr().err
    lines = written.splitlines()
    assert 3 <= len(lines) <= 12
    assert lines[-1].startswith("rows: 100%|") and "40/40" in lines[-1]
    assert "\r" not in written and "\x1b" not in written and written.isascii()


def test_a_terminal_gets_a_bar(monkeypatch):
    file = Terminal()
    monkeypatch.setattr(sys, "stderr", file)
    with progress.progress_bar(desc="rows", total=2) as bar:
        bar.update(2)
    assert type(bar) is progress.tqdm
    assert "\rrows: 100%" in file.getvalue()


def test_a_benchmark_tells_what_it_times(capsys, monkeypatch):
    monkeypatch.setattr(progress, "LINE_EVERY_S", 0.0)
    interleaved({"one": lambda: None, "other": lambda: None}, 3, torch.device("cpu"), 1e-4)
    lines = capsys.readouterr().err.splitlines()
    assert len(lines) >= 8 and lines[0].startswith("one, other:   0%|")


def test_the_import_of_a_mesh_tells_its_rows(capsys, tmp_path):
    """Geodesics of a large body take minutes."""
    surface = make_tiny_surface(cells=2)
    lines = [f"v {x} {y} {z}" for x, y, z in surface.vertices]
    uv = surface.face_uv.reshape(-1, 2)
    lines += [f"vt {u} {v}" for u, v in uv]
    corners = surface.faces + 1
    lines += [
        "f " + " ".join(f"{v}/{3 * k + c + 1}" for c, v in enumerate(face))
        for k, face in enumerate(corners)
    ]
    (tmp_path / "body.obj").write_text("\n".join(lines))
    np.savetxt(tmp_path / "parts.txt", surface.face_part, fmt="%d")
    files = ["--mesh", str(tmp_path / "body.obj"), "--parts", str(tmp_path / "parts.txt")]
    load_tool("import_surface").main(["mesh", *files, "--out", str(tmp_path / "body.npz")])
    written = capsys.readouterr().err
    assert "geodesics:" in written and "row" in written.splitlines()[-1]
