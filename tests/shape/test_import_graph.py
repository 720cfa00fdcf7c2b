"""Modules import downwards: no circle anywhere in ``gridsim/``, whatever the statement stands in."""

from __future__ import annotations

from pathlib import Path

from tests.support.imports import circles, import_graph


def test_no_import_circle() -> None:
    found = circles(import_graph())
    assert not found, "these import each other:\n" + "\n".join(" <-> ".join(circle) for circle in found)


def test_a_circle_inside_functions_and_under_type_checking_is_found(tmp_path: Path) -> None:
    """a -> b at the top, b -> c in a function, c -> a for types only; d and the package stand outside."""
    package = tmp_path / "house"
    (package / "room").mkdir(parents=True)
    (package / "__init__.py").write_text("from house.d import nothing\n")
    (package / "a.py").write_text("from house.room import b\nimport numpy\n")
    (package / "room" / "__init__.py").write_text("")
    (package / "room" / "b.py").write_text("def late():\n    from ..c import table\n    return table\n")
    (package / "c.py").write_text(
        "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    import house.a\ntable = None\n"
    )
    (package / "d.py").write_text("from house import a\nnothing = None\n")
    graph = import_graph(package)
    assert graph == {
        "house": {"house.d"},
        "house.a": {"house.room.b"},
        "house.c": {"house.a"},
        "house.d": {"house.a"},
        "house.room": set(),
        "house.room.b": {"house.c"},
    }
    assert circles(graph) == [["house.a", "house.c", "house.room.b"]]
