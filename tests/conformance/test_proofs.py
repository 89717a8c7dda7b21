"""What proves an entry of a case asserts something, itself or by the helpers that it calls."""

import ast
from collections.abc import Iterable, Iterator
from pathlib import Path

HERE = Path(__file__).parent
Function = ast.FunctionDef | ast.AsyncFunctionDef
#: Tests of `proves` itself.
OF_PROVES = {
    "test_an_entry_that_nothing_checks_fails_its_case",
    "test_a_state_that_a_case_runs_through_is_proved_as_well",
}


def functions() -> dict[str, list[Function]]:
    """Return the functions of this folder by their names."""
    found: dict[str, list[Function]] = {}
    for path in HERE.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, Function):
                found.setdefault(node.name, []).append(node)
    return found


def asserts(body: Iterable[ast.AST], known: dict[str, list[Function]], seen: set[str]) -> bool:
    """Tell whether an assertion can be reached from `body`, by the names that are called."""
    nodes = [node for part in body for node in ast.walk(part)]
    names = {name for node in nodes if isinstance(node, ast.Call) for name in called(node)}
    if "raises" in names or any(isinstance(node, ast.Assert) for node in nodes):
        return True
    for name in names - seen - {"proves"}:
        seen.add(name)
        if any(asserts(one.body, known, seen) for one in known.get(name, ())):
            return True
    return False


def called(node: ast.Call) -> Iterator[str]:
    """Yield the last name of what is called."""
    if isinstance(node.func, ast.Attribute):
        yield node.func.attr
    elif isinstance(node.func, ast.Name):
        yield node.func.id


def proofs(function: Function) -> Iterator[ast.With]:
    """Yield the blocks `with case.proves(…)` of a function."""
    for node in ast.walk(function):
        if isinstance(node, ast.With) and any(
            isinstance(item.context_expr, ast.Call) and "proves" in called(item.context_expr)
            for item in node.items
        ):
            yield node


def test_every_case_reaches_an_assertion():
    known = functions()
    tests = [one for name in known if name.startswith("test_") for one in known[name]]
    assert len(tests) > 300
    assert [one.name for one in tests if not asserts(one.body, known, set())] == []


def test_nothing_is_proved_by_a_block_that_asserts_nothing():
    known = functions()
    empty = [
        f"{one.name}:{block.lineno}"
        for name, ones in known.items()
        if name not in OF_PROVES
        for one in ones
        for block in proofs(one)
        if not asserts(block.body, known, set())
    ]
    assert empty == []


def test_a_helper_without_an_assertion_proves_nothing():
    looks, holds = ast.parse("def looks(): 1\ndef holds(): assert x").body
    known = {"looks": [looks], "holds": [holds]}
    assert not asserts(ast.parse("looks()").body, known, set())
    assert asserts(ast.parse("looks(); holds()").body, known, set())
