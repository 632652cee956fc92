"""How a script begins: what of its environment it sets, and which libraries it imports in any case."""

from __future__ import annotations

import ast
import sys
import threading
from collections.abc import Mapping
from dataclasses import dataclass

LIBRARIES = frozenset(["numpy", "torch", "keras", "sklearn", "matplotlib", "PIL", "pandas"])
"""What takes long to import, and does nothing else when it is."""

_PARSING = threading.Lock()


@dataclass(frozen=True)
class Opening:
    """The part of a script that can be done ahead.

    Attributes
    ----------
    settings
        Environment variables that it sets before it imports anything but the standard library.
    imports
        Modules of `LIBRARIES`, each with the names that are taken from it, in order.
    """

    settings: tuple[tuple[str, str], ...]
    imports: tuple[tuple[str, tuple[str, ...]], ...]

    @property
    def packages(self) -> set[str]:
        """What is imported in any case."""
        return {module.partition(".")[0] for module, _ in self.imports}


def _parsed(text: str) -> ast.Module:
    """Parse a script, one at a time: in CPython 3.11 two threads that build trees share one counter of their depth."""
    with _PARSING:
        return ast.parse(text)


def modules_of(text: str) -> set[str]:
    """Return the packages and modules that a script imports anywhere; of what is no Python none."""
    try:
        statements = list(ast.walk(_parsed(text)))
    except (SyntaxError, ValueError):
        return set()
    return {
        name
        for one in statements
        if isinstance(one, (ast.Import, ast.ImportFrom))
        for name in _packages(one)
        if name
    }


def opening_of(text: str, environment: Mapping[str, str]) -> Opening:
    """Read how a script begins.

    Parameters
    ----------
    text
        The script. What is no Python has no opening.
    environment
        What it starts with.
    """
    try:
        body = _parsed(text).body
    except (SyntaxError, ValueError):
        return Opening((), ())
    return Opening(tuple(_settings(body, environment).items()), tuple(_imports(body)))


def _settings(body: list[ast.stmt], environment: Mapping[str, str]) -> dict[str, str]:
    """Read constants that are set at the very top; whatever else stands there ends the reading."""
    found: dict[str, str] = {}
    for statement in body:
        if isinstance(statement, (ast.Import, ast.ImportFrom)):
            if not all(name in sys.stdlib_module_names for name in _packages(statement)):
                break
            continue
        match statement:
            case ast.Expr(ast.Constant()):
                continue
            case ast.Assign(
                [ast.Subscript(variables, ast.Constant(str(name)))], ast.Constant(str(value))
            ) if _is_environment(variables):
                found[name] = value
            case ast.Expr(
                ast.Call(
                    ast.Attribute(variables, "setdefault"),
                    [ast.Constant(str(name)), ast.Constant(str(value))],
                    [],
                )
            ) if _is_environment(variables):
                if name not in environment:
                    found.setdefault(name, value)
            case _:
                break
    return found


def _is_environment(one: ast.expr) -> bool:
    return ast.unparse(one) in ("os.environ", "environ")


def _imports(body: list[ast.stmt]) -> list[tuple[str, tuple[str, ...]]]:
    found: list[tuple[str, tuple[str, ...]]] = []
    for statement in body:
        if isinstance(statement, ast.Import):
            found += [(one.name, ()) for one in statement.names]
        elif isinstance(statement, ast.ImportFrom) and statement.module and not statement.level:
            found.append((statement.module, tuple(one.name for one in statement.names if one.name != "*")))
    return [(module, names) for module, names in found if module.partition(".")[0] in LIBRARIES]


def _packages(statement: ast.Import | ast.ImportFrom) -> list[str]:
    if isinstance(statement, ast.Import):
        return [one.name.partition(".")[0] for one in statement.names]
    return [(statement.module or "").partition(".")[0] if not statement.level else ""]
