"""Words: a docstring's summary names the thing, and names that were given up do not come back."""

from __future__ import annotations

import ast
import re

from tests.support.imports import PACKAGE

_CLAUSE = re.compile(r"(What|Whose|Which|Who|Where|When|How)\b")
GIVEN_UP = (
    "feel_power",
    "come_to_now",
    "RememberedWeather",
    "take_bursts",
    "_Left",
    "edge_section",
    "readable twin",
    "GasOrders",
    "power_asked",
    "burn_mcm_per_d",
    "store_share",
)


def summaries() -> dict[str, str]:
    """First line of every docstring of the package, by place."""
    found = {}
    for path in sorted(PACKAGE.rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
                text = ast.get_docstring(node)
                if text:
                    found[f"{path.relative_to(PACKAGE)}:{getattr(node, 'lineno', 1)}"] = text.splitlines()[0]
    return found


def test_summaries_name_the_thing() -> None:
    wrong = {place: text for place, text in summaries().items() if _CLAUSE.match(text)}
    assert not wrong, "\n".join(f"{place}: {text}" for place, text in wrong.items())
    assert len(summaries()) > 1000


def test_names_given_up_do_not_come_back() -> None:
    found = [
        f"{path.relative_to(PACKAGE)}: {word}"
        for path in sorted(PACKAGE.rglob("*.py"))
        for word in GIVEN_UP
        if word in path.read_text(encoding="utf-8")
    ]
    assert not found
