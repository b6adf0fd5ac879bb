"""The shape of the package: imports go one way and never in a circle, every module says what it is for."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from functools import cache
from pathlib import Path

SOURCE = Path(__file__).parents[2] / "platform"
PACKAGE = SOURCE / "amity"

LAYERS = [
    {"errors", "paths", "texts"},
    {"jsontext", "settings", "files", "patterns"},
    {"database"},
    {"expressions"},
    {"definitions"},
    {"entities"},
    {"access"},
    {"extension"},
    {"records"},
    {"workflows"},
    {"hookspecs"},
    {"plugin_checks", "core", "extensions"},
    {"plugins"},
    {"exchange"},
    {"workspace"},
    {"web"},
    {"app"},
    {"cli"},
    {"__main__"},
    {"testing"},
]
"""From the bottom up. A part imports from below or from itself, for types, too."""

FLASK_STATE = {"request", "g", "current_app", "session"}


def modules() -> list[Path]:
    """All modules of the package."""
    return sorted(path for path in PACKAGE.rglob("*.py") if "static" not in path.parts)


def dotted(path: Path) -> str:
    """The module's name as it is imported."""
    return ".".join(path.relative_to(SOURCE).with_suffix("").parts).removesuffix(".__init__")


@cache
def tree(path: Path) -> ast.Module:
    """The parsed module."""
    return ast.parse(path.read_text(encoding="utf-8"), str(path))


def imported(nodes: ast.AST) -> Iterator[tuple[str, int]]:
    """Every `amity` module named by an import below `nodes`, with its line."""
    names = {dotted(path) for path in modules()}
    for node in ast.walk(nodes):
        if isinstance(node, ast.Import):
            yield from ((alias.name, node.lineno) for alias in node.names if alias.name.startswith("amity"))
        elif isinstance(node, ast.ImportFrom) and (node.module or "").split(".")[0] == "amity":
            for alias in node.names:
                inner = f"{node.module}.{alias.name}"
                yield (inner if inner in names else str(node.module)), node.lineno


def part(module: str) -> str:
    """The layer's part that a module belongs to; "" is the package itself, which all may import."""
    names = module.split(".")
    return names[1] if len(names) > 1 else ""


def layer(name: str) -> int:
    """How high a part stands."""
    found = [number for number, parts in enumerate(LAYERS) if name in parts]
    assert found, f"amity.{name} has no place in LAYERS: decide what it may import"
    return found[0]


def test_imports_point_down() -> None:
    wrong = []
    for path in modules():
        own = part(dotted(path))
        for target, line in imported(tree(path)):
            other = part(target)
            if not own or not other or other == own:
                continue
            if layer(other) >= layer(own):
                wrong.append(f"{path.relative_to(SOURCE)}:{line} imports {target}")
    assert not wrong, "imports from beside or above:\n" + "\n".join(wrong)


def test_no_circle_of_imports() -> None:
    graph: dict[str, set[str]] = {}
    for path in modules():
        top_level = ast.Module([node for node in tree(path).body if not isinstance(node, ast.If)], [])
        direct = [node for node in top_level.body if isinstance(node, ast.Import | ast.ImportFrom)]
        graph[dotted(path)] = {target for target, _ in imported(ast.Module(list(direct), []))}
    done: set[str] = set()

    def visit(module: str, way: tuple[str, ...]) -> None:
        assert module not in way, "circle of imports: " + " -> ".join([*way[way.index(module) :], module])
        if module not in done:
            for target in sorted(graph.get(module, set()) - {module}):
                visit(target, (*way, module))
            done.add(module)

    for module in graph:
        visit(module, ())


def test_every_module_says_what_it_is_for() -> None:
    silent = [dotted(path) for path in modules() if not ast.get_docstring(tree(path))]
    assert silent == []


def test_the_state_of_a_request_stays_in_web() -> None:
    wrong = [
        f"{dotted(path)} imports {alias.name}"
        for path in modules()
        if part(dotted(path)) != "web"
        for node in ast.walk(tree(path))
        if isinstance(node, ast.ImportFrom) and node.module == "flask"
        for alias in node.names
        if alias.name in FLASK_STATE
    ]
    assert wrong == []


def test_the_source_root_is_not_a_package() -> None:
    assert not (SOURCE / "__init__.py").exists(), "it would shadow the standard library's `platform`"
