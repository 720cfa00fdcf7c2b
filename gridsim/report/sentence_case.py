"""Labels in sentence case: the first letter is a capital one, unless the first word is a name of the data."""

from __future__ import annotations

import re

_NAME = re.compile(r"[^\s,:;]*[_\d][^\s,:;]*|\w+[A-Z]")  # l500_agadyr, kazakhstan_2, gCO2


def sentence_case(text: str) -> str:
    """``text`` with a capital at its start; names with digits, underscores or capitals inside stay as they are."""
    return text if _NAME.match(text) else f"{text[:1].upper()}{text[1:]}"
