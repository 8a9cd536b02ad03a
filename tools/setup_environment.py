"""Install uncertain_densepose and everything it needs; `make setup` calls this.

With ``--venv DIR``, DIR is our own virtual environment: it is created if missing and brought to the
versions of constraints.txt. Without it, packages go into the environment of the running
interpreter: what is installed there keeps its version, and what is missing is added, pinned where
that agrees with the rest.

All packages come from the index that the user's pip is configured for.

This file must run on a bare Python, so it imports nothing of ours.
"""

from __future__ import annotations

import argparse
import os
import re
import subprocess
import sys
import tempfile
import time
from importlib import metadata
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
CONSTRAINTS = ROOT / "constraints.txt"
OLDEST_PYTHON = (3, 10)

OUR_NAME = "uncertain-densepose"
EXTRAS = "dev,docs,synth"
# A pure-Python copy of Detectron2's main branch. Its wheel is tagged for CPython 3.10 because of a
# compiled module (rotated boxes, deformable convolutions) that nothing here uses.
DETECTRON2 = "sal-detectron2"
DETECTRON2_WHEEL_PYTHON = "3.10"
# What detectron2 imports. The wheel's own metadata cannot serve: it excludes NumPy 2 and asks for
# black, which is only needed to print a LazyConfig. setuptools brings pkg_resources.
DETECTRON2_REQUIREMENTS = (
    "cloudpickle",
    "fvcore",
    "hydra-core>=1.1",
    "iopath",
    "matplotlib",
    "omegaconf>=2.1,<2.4",
    "packaging",
    "pillow",
    "pycocotools",
    "setuptools",
    "tabulate",
    "tensorboard",
    "termcolor",
    "tqdm",
    "yacs",
)
OPENCV = "opencv-python-headless"
# Installed without its dependencies, see setup.py.
BODY_MODEL = "anny"
PROBES = {
    "torchvision.ops": "torchvision must be the build made for the installed torch",
    "detectron2.engine": "detectron2 0.6 or newer is needed",
    "detectron2.model_zoo": "if pkg_resources is missing, install 'setuptools<81'",
    "cv2": "",
    "av": "",
    "pycocotools.mask": "",
    "matplotlib.pyplot": "",
    "tensorboard": "",
    "anny": "",
    "embreex.rtcore_scene": "",
    "igl": "",
    "trimesh": "",
    "pytest": "",
}


def canonical_name(name: str) -> str:
    """Project name as package indexes compare it (PEP 503)."""
    return re.sub(r"[-_.]+", "-", name).lower()


def pinned_name(line: str) -> str | None:
    """Canonical name of the project that a line of a constraints file pins; None for a comment."""
    match = re.match(r"[A-Za-z0-9][A-Za-z0-9._-]*", line)
    return canonical_name(match.group()) if match else None


def keep_installed(pins: list[str], installed: dict[str, str]) -> list[str]:
    """Constraints that hold every installed project at its version, and the rest at `pins`.

    Args:
        pins: lines of a constraints file.
        installed: version of each installed project, by canonical name.
    """
    held = [f"{name}=={version}" for name, version in sorted(installed.items())]
    return held + [line for line in pins if pinned_name(line) not in installed]


def installed_versions() -> dict[str, str]:
    """Version of each project in the running interpreter's environment, except our own."""
    named = ((d.metadata["Name"], d.version) for d in metadata.distributions())
    found = {canonical_name(name): version for name, version in named if name and version}
    found.pop(OUR_NAME, None)
    return found


def import_error(python: str, modules: str) -> str | None:
    """Import comma-separated `modules` with `python`: the last line of the error, None without one.

    Bytecode is written even where the environment forbids it: pip leaves compiling to the first
    import (most of torch is never imported), and it should not be paid again in each process.
    """
    environment = {k: v for k, v in os.environ.items() if k != "PYTHONDONTWRITEBYTECODE"}
    command = [python, "-W", "ignore", "-c", f"import {modules}"]
    done = subprocess.run(command, capture_output=True, text=True, env=environment)
    return None if done.returncode == 0 else (done.stderr.strip().splitlines() or ["crash"])[-1]


def is_absent(python: str, module: str) -> bool:
    """Whether there is no `module` at all, as opposed to one that fails to import."""
    question = f"import sys, importlib.util as u; sys.exit(u.find_spec({module!r}) is not None)"
    return subprocess.run([python, "-c", question]).returncode == 0


class Pip:
    """pip of one interpreter under one constraints file."""

    def __init__(self, python: str, constraints: Path, build_isolation: bool):
        quiet = [] if sys.stdout.isatty() else ["--quiet"]
        self.command = [python, "-m", "pip", "install", "--disable-pip-version-check", *quiet]
        # Conflicts are known (anny and detectron2 ask for more than they import): `verify` decides.
        self.command += ["--no-compile", "--prefer-binary", "--no-warn-conflicts"]
        self.command += ["--constraint", str(constraints)]
        self.build = [] if build_isolation else ["--no-build-isolation"]

    def install(self, *arguments: str) -> None:
        """Install, or leave with pip's own message and status."""
        done = subprocess.run(self.command + self.build + list(arguments))
        if done.returncode != 0:
            sys.exit("Set-up failed in the pip command above; once mended, run it again.")


def make_venv(folder: Path) -> str:
    """Make the virtual environment `folder` unless it has a working pip; return its interpreter."""
    python = folder / "bin" / "python"
    if not python.exists() or import_error(str(python), "pip"):
        print(f"Making {folder} with Python {sys.version.split()[0]}", flush=True)
        if subprocess.run([sys.executable, "-m", "venv", str(folder)]).returncode != 0:
            sys.exit(f"{sys.executable} cannot make a virtual environment (see above).")
    return str(python)


def check_torch_pair(python: str) -> None:
    """Refuse an environment whose torch has no torchvision that works with it."""
    if is_absent(python, "torch"):
        return
    error = import_error(python, "torchvision.ops")
    if error:
        sys.exit(
            f"{python} has torch, but torchvision fails beside it: {error}\n"
            "Install the torchvision that belongs to that torch, or let `make setup PYTHON=` use "
            "an environment of its own. Nothing was changed."
        )


def install_detectron2(python: str, pip: Pip) -> None:
    """Install detectron2 where there is none; one that is there but broken is left to its owner."""
    if not is_absent(python, "detectron2"):
        return
    question = "import sysconfig; print(sysconfig.get_path('purelib'))"
    target = subprocess.run([python, "-c", question], check=True, capture_output=True, text=True)
    wheel_tag = ["--only-binary=:all:", "--python-version", DETECTRON2_WHEEL_PYTHON]
    pip.install("--no-deps", "--target", target.stdout.strip(), *wheel_tag, DETECTRON2)


def install(python: str, pip: Pip, is_ours: bool) -> None:
    """Install the package, its extras, detectron2, cv2 and the body model.

    `is_ours`: what the environment already has is brought to the pinned versions as well.
    """
    requirements = ["--editable", f"{ROOT}[{EXTRAS}]"]
    if is_ours or is_absent(python, "detectron2"):
        requirements += DETECTRON2_REQUIREMENTS
    if is_ours or is_absent(python, "cv2"):
        requirements.append(OPENCV)
    print("Installing torch, Detectron2 and the rest (up to 2.8 GB to fetch)", flush=True)
    pip.install(*requirements)
    pip.install("--no-deps", BODY_MODEL)
    install_detectron2(python, pip)


def verify(python: str) -> None:
    """Import what the project stands on and leave with a list of what fails."""
    print("Checking that everything can be imported", flush=True)
    if not import_error(python, ", ".join(PROBES)):
        return
    failures = []
    for module, hint in PROBES.items():
        error = import_error(python, module)
        if error:
            failures.append(f"  import {module}: {error}" + (f" ({hint})" if hint else ""))
    if failures:
        sys.exit("\n".join([f"The environment of {python} is not complete:", *failures]))


def main() -> None:
    if sys.version_info < OLDEST_PYTHON:
        oldest = ".".join(map(str, OLDEST_PYTHON))
        sys.exit(
            f"Python {oldest} or newer is needed, {sys.executable} is {sys.version.split()[0]}. "
            "Name a newer one: `make setup PYTHON_BIN=/path/to/python3` makes .venv from it, "
            "`make setup PYTHON=/path/to/python` completes an environment that exists."
        )
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--venv", type=Path, help="virtual environment to create or update")
    arguments = parser.parse_args()
    start = time.monotonic()
    if arguments.venv:
        python = make_venv(arguments.venv)
        # Source archives are built with the pinned setuptools rather than the newest.
        pip = Pip(python, CONSTRAINTS, build_isolation=False)
        pip.install("pip", "setuptools")
        install(python, pip, is_ours=True)
    else:
        python = sys.executable
        check_torch_pair(python)
        with tempfile.TemporaryDirectory() as folder:
            held = Path(folder) / "held.txt"
            lines = keep_installed(CONSTRAINTS.read_text().splitlines(), installed_versions())
            held.write_text("\n".join(lines) + "\n")
            install(python, Pip(python, held, build_isolation=True), is_ours=False)
    verify(python)
    print(f"Set-up of {python} is complete after {time.monotonic() - start:.0f} s")


if __name__ == "__main__":
    main()
