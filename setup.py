"""Packaging of uncertain_densepose. `make setup` prepares a whole environment; see the notes below.

Three things that the package uses cannot be said in the lists here, and are installed by
tools/setup_environment.py instead:

- detectron2 (any version from 0.6) has no official release on PyPI; install it as its authors say;
- cv2 comes from one of several packages (opencv-python, opencv-python-headless, ...) that overwrite
  each other's files, so naming one of them would damage an environment that holds another;
- anny, the body model behind `synthetic_people`, requires warp-lang (about 400 MB),
  which the topology used here never imports. The extra `synth` therefore lists what anny really
  needs, and anny itself follows by `pip install --no-deps anny`.
"""

import re
from pathlib import Path

from setuptools import find_packages, setup

PACKAGE = Path(__file__).parent / "projects" / "uncertain_densepose" / "__init__.py"
VERSION = re.search(r'^__version__ = "(.+)"$', PACKAGE.read_text(encoding="utf-8"), re.M)[1]

setup(
    name="uncertain_densepose",
    version=VERSION,
    description="Dense pose with calibrated, correlated uncertainty for Detectron2",
    license="Apache-2.0",
    author="The uncertain_densepose authors",
    package_dir={"": "projects"},
    packages=find_packages(where="projects"),
    package_data={
        "synthetic_people": ["py.typed"],
        "uncertain_densepose": [
            "py.typed",
            "model_zoo/index.json",
            "model_zoo/published.json",
            "model_zoo/checkpoints/*.safetensors",
            "model_zoo/configs/**/*.yaml",
        ],
        "uncertain_densepose.modeling.movenet": ["NOTICE", "*.safetensors"],
        "uncertain_densepose.surface": ["*.npz"],
        "uncertain_densepose.visualization.html_report": ["*.html", "*.css", "*.js"],
    },
    python_requires=">=3.10",
    install_requires=[
        "av",
        "contourpy",
        "filelock",
        "fvcore",
        "iopath",
        "jinja2",
        "joblib",
        "markupsafe",
        "matplotlib",
        "natsort",
        "numpy",
        "pillow",
        "pycocotools",
        "pyyaml",
        "safetensors",
        "scipy",
        "tabulate",
        "torch>=2.0",
        "torchvision",
        "tqdm",
    ],
    extras_require={
        # Ray casting, parametrisation and what anny needs: see the note on anny at the top.
        "synth": ["embreex", "libigl", "roma", "trimesh"],
        # The report's page is tested in a browser: playwright drives one that is installed.
        "browser": ["playwright"],
        # `make docs`.
        "docs": ["furo", "myst-parser", "sphinx"],
        # pygeodesic is the exact oracle of the geodesic tests.
        "dev": [
            "hypothesis",
            "import-linter",
            "mypy",
            "packaging",
            "pandas",
            "pygeodesic",
            "pytest",
            "pytest-xdist",
            "ruff",
        ],
    },
)
