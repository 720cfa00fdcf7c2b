"""The names of ``gridsim``: one list for ``dir``, ``*`` and type checkers, and everything that the pages use."""

from __future__ import annotations

import ast
import tomllib

import pytest

import gridsim
from gridsim.errors import nearest
from tests.support.imports import PACKAGE, ROOT
from tests.support.snippets import shown_code


def test_one_list_of_names():
    """``dir``, ``__all__``, what is really there, and what a type checker reads."""
    tree = ast.parse((PACKAGE / "__init__.py").read_text(encoding="utf-8"))
    typed = {
        alias.asname: f"{node.module}.{alias.name}"
        for node in ast.walk(tree)
        if isinstance(node, ast.ImportFrom) and str(node.module).startswith("gridsim.")
        for alias in node.names
        if alias.asname == alias.name
    }
    assert dir(gridsim) == gridsim.__all__ == sorted(typed)
    for name in gridsim.__all__:
        assert getattr(gridsim, name) is not None


def test_what_the_pages_use_is_public():
    used = {
        node.attr
        for code in shown_code().values()
        for node in ast.walk(ast.parse(code))
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id == "gridsim"
    }
    assert used and not used - set(gridsim.__all__)
    assert not [name for name, code in shown_code().items() if "from gridsim." in code]


@pytest.mark.parametrize(
    ("wrong", "right"), [("read_netwrk", "read_network"), ("common_cause", "CommonCause"), ("zzz", "use one of")]
)
def test_a_name_that_is_not_there_gets_the_nearest(wrong, right):
    with pytest.raises(AttributeError, match=rf"no attribute '{wrong}'; .*{right}"):
        getattr(gridsim, wrong)


def test_the_nearest_name_has_the_same_letters_where_one_has() -> None:
    """A plant written with one more underscore is that plant, not the machine that differs in a digit."""
    names = ["ekibastuz_gres2_1", "ekibastuz_gres1", "ekibastuz_gres1_1"]
    assert nearest("ekibastuz_gres_1", names) == "did you mean 'ekibastuz_gres1'?"
    assert nearest("Ekibastuz-GRES2-1", names) == "did you mean 'ekibastuz_gres2_1'?"


def test_types_are_shipped():
    """py.typed stands beside the modules, and nothing keeps it out of the wheel."""
    assert (PACKAGE / "py.typed").read_text(encoding="utf-8") == ""
    built = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["hatch"]["build"]
    wheel = built["targets"]["wheel"]
    assert wheel["packages"] == ["gridsim"] and "exclude" not in wheel and "exclude" not in built


def test_decorators_say_what_they_take():
    """A user's function is checked at the decorator: no ``Any`` where a contingency or a policy is handed over."""
    tree = ast.parse((PACKAGE / "contingencies" / "scripts.py").read_text(encoding="utf-8"))
    taken = [
        ast.unparse(node.returns) for node in tree.body if isinstance(node, ast.FunctionDef) if node.name == "policy"
    ]
    assert len(taken) == 4 and all("Callable[[View], " in given for given in taken[:3])
