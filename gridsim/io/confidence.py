"""Shares of each table that are published, derived or assumed, as its rows say of themselves."""

from __future__ import annotations

from collections.abc import Mapping

from gridsim.io.raw_table import RawTable

#: What a row weighs: MW of machines and loads, km of lines and pipes; of other tables each row counts the same.
_WEIGHTS = {
    "generators": "p_max_mw",
    "loads": "p_mw",
    "borders": "contract_import_mw",
    "lines": "length_km",
    "gas_pipelines": "length_km",
    "transformers": "sn_mva",
}


def confidence_of(tables: Mapping[str, RawTable]) -> dict[str, dict[str, float]]:
    """Table -> confidence -> share of the table's MW, km or rows, largest share first; tables without it are absent."""
    found: dict[str, dict[str, float]] = {}
    for name, table in tables.items():
        if not table.has_column("confidence"):  # an hourly series, of which a million rows would be made
            continue
        weights: dict[str, float] = {}
        for _, row in table.rows:
            confidence = row.confidence
            if confidence is not None and getattr(row, "in_service", True):
                weight = getattr(row, _WEIGHTS[name]) if name in _WEIGHTS else 1.0
                weights[str(confidence)] = weights.get(str(confidence), 0.0) + abs(float(weight or 0.0))
        total = sum(weights.values())
        if total > 0.0:
            ordered = sorted(weights.items(), key=lambda item: (-item[1], item[0]))
            found[name] = {confidence: weight / total for confidence, weight in ordered}
    return found
