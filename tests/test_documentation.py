"""What documents name exists: commands, their options, configs, keys, files, names, links."""

import argparse
import ast
import functools
import importlib
import re
import shlex
from pathlib import Path
from types import SimpleNamespace
from unittest import mock

import pytest
from detectron2.config import LazyConfig, get_cfg
from omegaconf import OmegaConf

from tests.tool_loader import ROOT, load_tool
from uncertain_densepose import add_uncertain_densepose_config
from uncertain_densepose.config import load_config

# The changelog names what is gone.
DOCUMENTS = sorted(
    {
        *ROOT.glob("*.md"),
        *ROOT.glob("docs/**/*.md"),
        *ROOT.glob(".github/**/*.md"),
    }
    - {ROOT / "CHANGELOG.md"}
)
TOOL = re.compile(
    r"\b(?:tools/(?P<tool>\w+)\.py|(?:python|python3) -m (?P<module>lab(?:\.\w+)+))\b"
)
FENCE = re.compile(r"^```(\w*)\n(.*?)^```$", re.M | re.S)
INLINE = re.compile(r"(?<!`)`([^`]+)`(?!`)")
PLACEHOLDERS = {"...", "…"}

NO_KEYS = {"DETECTRON2_DATASETS", "PART_NAMES"}
"""Words in capitals that are names of something else: of the environment, of the package."""


def blocks(document: Path, *languages: str) -> list[str]:
    return [body for kind, body in FENCE.findall(document.read_text()) if kind in languages]


def inline_code(document: Path) -> list[str]:
    """Code between words, lines joined."""
    return [" ".join(code.split()) for code in INLINE.findall(FENCE.sub("", document.read_text()))]


def commands(document: Path) -> list[tuple[str, bool]]:
    """Command lines, and whether they stand by themselves, to be run as they are."""
    lines = [
        line
        for body in blocks(document, "sh", "")
        for line in body.replace("\\\n", " ").splitlines()
    ]
    own = [(line, True) for line in lines] + [(code, False) for code in inline_code(document)]
    return [(text, whole) for text, whole in own if TOOL.search(text)]


def in_documents(find):
    """A parameter for each different thing that is found, named by its document and first line."""

    def name(found) -> str:
        texts = [found] if isinstance(found, str) else [x for x in found if isinstance(x, str)]
        return " ".join(texts[0].splitlines()[0].split())

    return [
        pytest.param(found, id=f"{document.name}: {name(found)}")
        for document in DOCUMENTS
        for found in dict.fromkeys(find(document))
    ]


class _Stop(Exception):
    """Ends a tool when it comes to parse its arguments."""


@functools.cache
def parser_of(tool: str) -> argparse.ArgumentParser:
    """The command line of tools/<tool>.py, or of the module lab.<name>."""
    module = importlib.import_module(tool) if tool.startswith("lab.") else load_tool(tool)
    if hasattr(module, "build_parser"):
        return module.build_parser()

    def stop(parser, *_):
        raise _Stop(parser)

    with mock.patch.object(argparse.ArgumentParser, "parse_args", stop):
        with pytest.raises(_Stop) as stopped:
            module.main()
    return stopped.value.args[0]


def parse(tool: str, words: list[str]) -> argparse.Namespace:
    """The arguments of a command line.

    Raises:
        ValueError: the tool refuses them.
    """

    def refuse(parser, message):
        raise ValueError(f"{parser.prog}: {message}")

    with mock.patch.object(argparse.ArgumentParser, "error", refuse):
        return parser_of(tool).parse_args(words)


def known_words(parser: argparse.ArgumentParser) -> set[str]:
    """Options and commands of a parser and of those below it."""
    words = set(parser._option_string_actions)
    for action in parser._actions:
        if isinstance(action, argparse._SubParsersAction):
            words |= set(action.choices).union(*map(known_words, action.choices.values()))
    return words


def split_command(text: str) -> tuple[str, list[str]]:
    """The tool's name (that of a module whole) and the words that follow it."""
    found = TOOL.search(text)
    return found["tool"] or found["module"], shlex.split(text[found.end() :], comments=True)


def override_lazy_config(config: str, overrides: list[str]) -> None:
    cfg = LazyConfig.load(config)
    for override in overrides:
        assert OmegaConf.select(cfg, override.partition("=")[0], default=None) is not None, override


TAKE_OVERRIDES = {".yaml": load_config, ".py": override_lazy_config}


@pytest.mark.parametrize("command", in_documents(commands))
def test_a_command_is_one_that_its_tool_takes(command):
    text, whole = command
    tool, words = split_command(text)
    options = {word.split("=")[0] for word in words if word.startswith("--")}
    assert options <= known_words(parser_of(tool)), text
    if not whole or "--help" in options or PLACEHOLDERS & set(words):
        return
    arguments = parse(tool, words)
    overrides = getattr(arguments, "opts", None)
    if overrides and arguments.config_file:
        config = ROOT / arguments.config_file
        TAKE_OVERRIDES[config.suffix](str(config), overrides)


def python_blocks(document: Path) -> list[str]:
    return blocks(document, "python")


@pytest.mark.parametrize("source", in_documents(python_blocks))
def test_a_python_block_compiles_and_finds_what_it_imports(source):
    tree = ast.parse(source)
    compile(tree, "<document>", "exec")
    for node in ast.walk(tree):
        # Importing the plugin would take names from this project and give them to DensePose.
        if isinstance(node, ast.ImportFrom) and ".plugin." not in node.module:
            module = importlib.import_module(node.module)
            for alias in node.names:
                assert hasattr(module, alias.name) or importlib.import_module(
                    f"{node.module}.{alias.name}"
                )


def package_names(document: Path) -> list[str]:
    return [
        name
        for code in inline_code(document)
        for name in re.findall(r"\buncertain_densepose(?:\.[A-Za-z_]\w*)+", code)
    ]


@pytest.mark.parametrize("name", in_documents(package_names))
def test_a_name_of_the_package_exists(name):
    found = importlib.import_module("uncertain_densepose")
    for path, part in [(name[: end.start()], end[1]) for end in re.finditer(r"\.(\w+)", name)]:
        if not hasattr(found, part):
            importlib.import_module(f"{path}.{part}")
        found = getattr(found, part)


@functools.cache
def config_keys() -> set[str]:
    """Every key, and every end of it: A.B.C, B.C and C."""
    cfg = get_cfg()
    add_uncertain_densepose_config(cfg)

    def keys(node, path):
        for key, value in node.items():
            yield [*path, key]
            if isinstance(value, type(cfg)):
                yield from keys(value, [*path, key])

    return {".".join(key[k:]) for key in keys(cfg, []) for k in range(len(key))}


def named_keys(document: Path) -> list[str]:
    code = [*inline_code(document), *blocks(document, "sh", "python", "")]
    # Not the beginning of a file's name, nor a variable of make or of the shell.
    key = r"(?<![\w.$/{])[A-Z][A-Z0-9]*(?:[._][A-Z0-9_]+)+\b(?!\.[a-z]|=)"
    return [name for text in code for name in re.findall(key, text) if name not in NO_KEYS]


@pytest.mark.parametrize("key", in_documents(named_keys))
def test_a_config_key_exists(key):
    assert key in config_keys()


def named_files(document: Path) -> list[str]:
    """Files and folders of the repository: by their path, and configs by their name too."""
    code = [*inline_code(document), *blocks(document, "sh", "python", "")]
    folder = "configs|docs|lab|notebooks|tools|tests|projects"
    path = rf"(?<![\w/.$-])((?:{folder})/[\w./-]*\w/?|[\w-]+\.yaml)"
    return [name for text in code for name in re.findall(path, text)]


@pytest.mark.parametrize("name", in_documents(named_files))
def test_a_file_of_the_repository_exists(name):
    assert (ROOT / name).exists() or (ROOT / "configs" / name).exists()


def make_targets(document: Path) -> list[str]:
    code = [*inline_code(document), *blocks(document, "sh", "")]
    line = re.compile(r"^make ((?:[a-z-]+ ?)+)", re.M)
    return [target for text in code for words in line.findall(text) for target in words.split()]


@pytest.mark.parametrize("target", in_documents(make_targets))
def test_a_target_of_make_exists(target):
    assert re.search(rf"^{target}:", (ROOT / "Makefile").read_text(), re.M)


def test_the_site_leads_to_every_page():
    index = (ROOT / "docs/site/index.md").read_text()
    pages = {*ROOT.glob("*.md"), *ROOT.glob("docs/*.md")}
    missing = {str(page.relative_to(ROOT).with_suffix("")) for page in pages} - {
        line.removeprefix("/") for line in index.splitlines()
    }
    assert not missing


def public_packages() -> list[str]:
    """Every package of the library that states its public names."""
    root = ROOT / "projects"
    files = sorted((root / "uncertain_densepose").rglob("__init__.py"))
    return [
        ".".join(file.parent.relative_to(root).parts)
        for file in files
        if re.search("^__all__", file.read_text(), re.M)
    ]


@pytest.mark.parametrize("package", public_packages())
def test_every_public_name_has_a_page(package):
    pages = "".join(page.read_text() for page in (ROOT / "docs/site/api").glob("*.md"))
    shown = re.search(rf"automodule:: {package}\n(?: +:exclude-members: (.+)\n)?", pages)
    assert shown, f"docs/site/api has no automodule of {package}"
    # What one page leaves out, another one has.
    for name in (shown[1] or "").split(", ") if shown[1] else []:
        others = [other for other in public_packages() if other != package]
        assert any(name in importlib.import_module(other).__all__ for other in others), name


def slug(heading: str) -> str:
    """The anchor that GitHub gives to a heading."""
    return re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-")


def links(document: Path) -> list[tuple[Path, str]]:
    targets = re.findall(r"\]\(([^)\s]+)\)", FENCE.sub("", document.read_text()))
    return [(document, target) for target in targets if "://" not in target]


@pytest.mark.parametrize("link", in_documents(links))
def test_a_link_leads_somewhere(link):
    document, target = link
    path, _, anchor = target.partition("#")
    destination = (document.parent / path).resolve() if path else document
    assert destination.exists(), target
    if anchor:
        headings = re.findall(r"^#+ (.+)$", destination.read_text(), re.M)
        assert anchor in map(slug, headings), target


@pytest.mark.parametrize(
    "find, text, found",
    [
        (commands, "```sh\ntools/a.py x \\\n  --y\n```\n", [("tools/a.py x    --y", True)]),
        (commands, "the tool `python tools/a.py\n--y` does", [("python tools/a.py --y", False)]),
        (named_keys, "`MODEL.MASK_ON`, `KAPPA_M.mat`, `$HOME_X`", ["MODEL.MASK_ON"]),
        (named_files, "`configs/x.yaml`, `y.yaml`", ["configs/x.yaml", "y.yaml"]),
        (package_names, "`uncertain_densepose.data.f(x)`", ["uncertain_densepose.data.f"]),
        (make_targets, "`make lint test`", ["lint", "test"]),
        (python_blocks, "```python\na = 1\n```\n", ["a = 1\n"]),
    ],
)
def test_the_readers_of_documents_find_what_is_there(find, text, found):
    assert find(SimpleNamespace(read_text=lambda: text)) == found
