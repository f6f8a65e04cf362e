"""The house: files and functions that can be read, one room for Streamlit, and signs that are true."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import networkx
import pytest

ROOT = Path(__file__).parents[1]
TESTS = sorted((ROOT / "tests").rglob("*.py"))
# Files of tests that are named after no module, and what they hold to account instead.
ABOUT_MANY = {
    "analysis/bias/test_prompts.py": "a contrast as attnlit/analysis/patching/prompts.py reads it",
    "app/test_addresses.py": "every page of the registry, whatever its address holds",
    "app/test_languages.py": "the languages of a model that translates, on every page",
    "app/test_lines_weigh.py": "one control of all views, on their pages",
    "app/test_opening.py": "a model that is asked for, fetched, stopped and opened",
    "app/test_packed.py": "long texts in an address",
    "app/test_pages.py": "every page, with every bundled model and every mistake",
    "attention/test_bundled.py": "the two models that come with attnlit",
    "attention/test_hard_texts.py": "texts of the hardest kinds, from tokens to records",
    "attention/test_tokenizers.py": "tokenizers of many makes, which are not ours",
    "browser/test_accessibility.py": "every page, as a tool for accessibility sees it",
    "browser/test_app.py": "a visitor's way through the whole app",
    "browser/test_benchmark.py": "attnlit's side of the benchmark, in the pages that it measures",
    "browser/test_layout.py": "every page, while it opens",
    "browser/test_phone.py": "the views under a finger",
    "browser/test_sessions.py": "what Streamlit's sessions keep and lose",
    "charts/flow/test_layers.py": "view, data, layout and spec of the layered picture",
    "charts/test_specs.py": "every chart of the registry",
    "commands/test_commands.py": "attnlit/commands/",
    "deploy/test_space.py": "deploy/space_header.yaml and the container that it starts",
    "lessons/test_lessons.py": "the texts of the lessons",
    "models/test_adapters.py": "models that PEFT has wrapped, where it is installed",
    "test_architectures.py": "the table of architectures, as its page and README count it",
    "test_house.py": "the house",
    "test_kernels.py": "what models compute, with the kernels of another processor",
    "test_library.py": "attnlit/__init__.py",
    "test_planted.py": "tests/planted.py, on which other tests rest",
    "test_properties.py": "what holds of texts and records that are made up at random",
    "test_readme.py": "README.md",
    "test_wheel.py": "the wheel that is built of the package and the pages",
    "training/test_training.py": "training/",
}
FILES = sorted([*(ROOT / "attnlit").rglob("*.py"), *(ROOT / "pages").glob("*.py")])
SIGNS = ("CONTRIBUTING.md", "README.md")


@cache
def parsed(file: Path) -> ast.Module:
    return ast.parse(file.read_text(encoding="utf-8"))


def lines(file: Path) -> int:
    return len(file.read_text(encoding="utf-8").splitlines())


def functions(file: Path) -> Iterator[tuple[str, int]]:
    for node in ast.walk(parsed(file)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield node.name, (node.end_lineno or node.lineno) - node.lineno + 1


def test_files_and_functions_can_be_read_at_a_sitting() -> None:
    assert not {str(file.relative_to(ROOT)): lines(file) for file in FILES if lines(file) > 300}
    assert not {file.stem: lines(file) for file in (ROOT / "pages").glob("*.py") if lines(file) > 80}
    long = {(file.name, name): size for file in FILES for name, size in functions(file) if size > 50}
    assert not long


def test_only_the_app_and_its_pages_import_streamlit() -> None:
    imports = re.compile(r"^\s*(?:import|from) streamlit", re.MULTILINE)
    found = [file.relative_to(ROOT) for file in FILES if imports.search(file.read_text(encoding="utf-8"))]
    assert {file.parts[:2] for file in found if file.parts[0] == "attnlit"} == {("attnlit", "app")}


def test_no_module_is_imported_in_a_circle() -> None:
    """Also where an import stands in a function; what only type checkers read does not count."""
    files = {name_of(file): file for file in (ROOT / "attnlit").rglob("*.py")}
    graph = networkx.DiGraph(
        (name, other) for name, file in files.items() for other in imported(file) & files.keys() - {name}
    )
    circles = [sorted(circle) for circle in networkx.strongly_connected_components(graph) if len(circle) > 1]
    assert circles == []


def name_of(file: Path) -> str:
    return ".".join(file.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")


def imported(file: Path) -> set[str]:
    """What a file imports, wherever in it, as if each name might be a module."""
    found: set[str] = set()
    waiting: list[ast.AST] = [parsed(file)]
    while waiting:
        node = waiting.pop()
        if isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING":
            waiting += node.orelse
            continue
        if isinstance(node, ast.Import):
            found |= {each.name for each in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            modules = {f"{node.module}.{each.name}" for each in node.names}
            found |= modules if all(place_of(each) for each in modules) else {node.module, *modules}
        waiting += ast.iter_child_nodes(node)
    return found


def place_of(module: str) -> bool:
    """Whether there is a file or folder of this name."""
    place = ROOT.joinpath(*module.split("."))
    return place.is_dir() or place.with_suffix(".py").exists()


@pytest.mark.parametrize("sign", SIGNS)
def test_the_places_that_it_names_are_there(sign: str) -> None:
    named = re.findall(
        r"`((?:attnlit|pages|tests|docs|benchmarks|deploy)/[\w/.-]*)`", (ROOT / sign).read_text()
    )
    assert not [name for name in named if not (ROOT / name).exists()]


def test_contributing_names_targets_of_the_makefile() -> None:
    targets = set(re.findall(r"^(\w+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    assert set(re.findall(r"`make (\w+)`", (ROOT / "CONTRIBUTING.md").read_text())) <= targets


def test_a_file_of_tests_is_named_after_what_it_tests() -> None:
    strays = set()
    for file in TESTS:
        room, name = file.parent.relative_to(ROOT / "tests"), file.stem.removeprefix("test_")
        if name == file.stem:
            continue
        modules = [ROOT / "attnlit" / room / name, ROOT / room / name]
        if room.name in ("app", "browser"):
            modules.append(ROOT / "pages" / name.removesuffix("_page"))
        if not any(each.is_dir() or each.with_suffix(".py").exists() for each in modules):
            strays.add(file.relative_to(ROOT / "tests").as_posix())
    assert strays == ABOUT_MANY.keys()


def test_what_starts_servers_stands_where_make_server_looks() -> None:
    """It collects these folders alone, as to collect all takes as long as many of its tests."""
    (named,) = re.findall(r"^SERVERS := (.+)$", (ROOT / "Makefile").read_text(), re.MULTILINE)
    folders = [ROOT / folder for folder in named.split()]
    marked = [file for file in TESTS if re.search(r"mark\.server|add_marker\(.server", file.read_text())]
    assert len(marked) >= 3
    assert all(any(folder in file.parents for folder in folders) for file in marked if file != Path(__file__))


def test_tests_import_nothing_from_other_tests() -> None:
    imports = re.compile(r"^\s*(?:from|import) tests\.(?:\w+\.)*test_(\w+)", re.MULTILINE)
    found = {file.name: imports.findall(file.read_text(encoding="utf-8")) for file in TESTS}
    # The script of a page that a test makes up finds the test's own names again.
    others = {
        name: set(each) - {name.removeprefix("test_").removesuffix(".py")} for name, each in found.items()
    }
    assert not {name: each for name, each in others.items() if each}


@pytest.mark.whole
def test_tests_use_no_private_name_of_the_package() -> None:
    found = []
    for file in TESTS:
        tree = parsed(file)
        ours = set()
        for node in ast.walk(tree):
            if isinstance(node, ast.ImportFrom) and (node.module or "").split(".")[0] == "attnlit":
                ours |= {each.asname or each.name for each in node.names}
        found += [f"{file.name}: {name}" for name in private_names(tree, ours)]
    assert found == []


def private_names(tree: ast.AST, ours: set[str]) -> Iterator[str]:
    """What is imported, reached for or replaced in our modules though its name begins with one underscore."""

    def is_private(name: str) -> bool:
        return name.startswith("_") and not name.startswith("__")

    yield from filter(is_private, ours)
    for node in ast.walk(tree):
        owner: ast.AST | None = None
        if isinstance(node, ast.Attribute):
            owner, name = node.value, node.attr
        elif isinstance(node, ast.Call) and len(node.args) > 1 and isinstance(node.args[1], ast.Constant):
            owner, name = node.args[0], str(node.args[1].value)  # as in setattr(module, "name", ...)
        if isinstance(owner, ast.Name) and owner.id in ours and is_private(name):
            yield f"{owner.id}.{name}"
        if isinstance(node, ast.Constant) and re.match(r"attnlit\.[\w.]*\._[a-z]", str(node.value)):
            yield str(node.value)
