"""The version has one source, `__version__` of the package."""

import subprocess
import sys

import yaml

import uncertain_densepose
from tests.tool_loader import ROOT


def test_setup_reads_the_version_of_the_package():
    command = [sys.executable, "setup.py", "--version"]
    stated = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout
    assert stated.split()[-1] == uncertain_densepose.__version__


def test_the_citation_has_the_version_and_licence_of_the_package():
    citation = yaml.safe_load((ROOT / "CITATION.cff").read_text())
    assert citation["version"] == uncertain_densepose.__version__
    assert citation["license"] == "Apache-2.0"
    assert (ROOT / "LICENSE").read_text().split()[:2] == ["Apache", "License"]
