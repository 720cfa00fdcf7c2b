"""The changes that the mutation check draws."""

from __future__ import annotations

from pathlib import Path

from tests.mutation.mutants import KINDS, drawn, mutants_of

SOURCE = '''"""Text with a < b and 3."""

LIMIT: "dict[int, 3]" = 4.0


@cached(1)
def share(a: int = 2, b=-1) -> float:
    """1 < 2."""
    if (a + b) < c[0]:
        raise ValueError(f"{a - 1}", 7)
    self.log(1, "two")
    return max(a, b) * move(a, b) + x.sum(axis=1) if a is None and b > 1e-9 else 0.0
'''


def test_every_kind_and_nothing_that_says_nothing() -> None:
    found = [(m.line, m.kind, m.old, m.new) for m in mutants_of("x.py", SOURCE)]
    assert found == [
        (3, "sign", "4.0", "(-4.0)"),
        (7, "sign", "2", "(-2)"),
        (7, "sign", "1", "(-1)"),
        (9, "term", "a + b", "a"),
        (9, "comparison", "a + b) < c[0]", "a + b) > c[0]"),
        (12, "term", "max(a, b) * move(a, b) + x.sum(axis=1)", "(max(a, b) * move(a, b))"),
        (12, "argument", "a, b", "b, a"),
        (12, "comparison", "a is None", "a is not None"),
        (12, "term", "a is None and b > 1e-9", "((a is None))"),
        (12, "comparison", "b > 1e-9", "b < 1e-9"),
    ]


def test_a_change_touches_its_line_only() -> None:
    for mutant in mutants_of("x.py", SOURCE):
        before, after = SOURCE.splitlines(), mutant.applied(SOURCE).splitlines()
        assert [at for at, line in enumerate(after, 1) if line != before[at - 1]] == [mutant.line]


def test_the_draw_is_a_function_of_code_and_seed(tmp_path: Path) -> None:
    (tmp_path / "code").mkdir()
    for name in "ab":
        (tmp_path / "code" / f"{name}.py").write_text(SOURCE)
    chosen = drawn(tmp_path, ["code"], 8, seed=1)
    assert chosen == drawn(tmp_path, ["code"], 8, seed=1) != drawn(tmp_path, ["code"], 8, seed=2)
    assert len({(mutant.file, mutant.line) for mutant in chosen}) == len(chosen)
    assert {mutant.kind for mutant in chosen} <= set(KINDS)
