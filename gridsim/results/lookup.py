"""Metrics by name and scope, the same way for every result: exact, or by the bare name of a zone, class, plant ..."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence

from gridsim.errors import UnknownName, nearest
from gridsim.model.display import short_number
from gridsim.results.metric_table import metric_table, scope_kind
from gridsim.results.metrics import Estimate

SYSTEM = "system"
_POSITIVE = 0.05  # less counts as none


def find(
    estimates: Iterable[Estimate], name: str, scope: str = SYSTEM, *, of: str = "run", remarks: Sequence[str] = ()
) -> Estimate:
    """The estimate of a metric at a scope; ``south`` finds ``zone:south``.

    ``of``: run, study or assessment, as in ``metrics.csv``; ``remarks``: why a run has no such number. UnknownName with
    the nearest name, or with the reason, if there is none, and for a bare name that two scopes have.
    """
    by_scope: dict[str, Estimate] = {}
    names: dict[str, None] = {}
    for estimate in estimates:
        names[estimate.name] = None
        if estimate.name == name:
            by_scope[estimate.scope] = estimate
    if not by_scope:
        raise UnknownName(_no_metric(name, names, of, remarks))
    if scope in by_scope:
        return by_scope[scope]
    scope = str(scope)
    bare = [known for known in by_scope if ":" in known and _bare(known) == scope]
    if len(bare) == 1:
        return by_scope[bare[0]]
    if bare:
        raise UnknownName(f"'{scope}' is more than one scope of {name}: {' and '.join(bare)}; name one of them")
    raise UnknownName(_no_scope(name, scope, by_scope))


def require_table(table: str, tables: Collection[str], more: str = "") -> None:
    """UnknownName with the nearest name if ``table`` is none of ``tables``; ``more``: said after it."""
    if table not in tables:
        raise UnknownName(f"no table '{table}'; {nearest(table, tables)}{more}")


def leading(estimates: Iterable[Estimate]) -> list[tuple[str, str, str, str]]:
    """Metric, scope, value and unit of what ``metrics.csv`` shows of a run, in its order, zeros last."""
    by_name: dict[str, list[Estimate]] = {}
    for estimate in estimates:
        by_name.setdefault(estimate.name, []).append(estimate)
    found: list[Estimate] = []
    for name, metric in metric_table().items():
        for shown in metric.shown:
            rows = [e for e in by_name.get(name, []) if scope_kind(e.scope) == shown.scope]
            if shown.positive:
                rows = [e for e in rows if (e.value or 0.0) > _POSITIVE]
            if shown.n_least:
                rows = sorted(rows, key=lambda e: (e.value or 0.0, e.scope))[: shown.n_least]
            found += rows
    found.sort(key=lambda e: not e.value)
    return [(e.name, e.scope, with_error(e), e.unit) for e in found]


def with_error(estimate: Estimate) -> str:
    """``9.36 +- 0.11``; the value alone where no error can be stated."""
    error = "" if not estimate.stderr else f" +- {estimate.stderr:.2g}"
    return f"{short_number(estimate.value)}{error}"


def _bare(scope: str) -> str:
    return scope.partition(":")[2]


def _no_metric(name: str, reported: Collection[str], of: str, remarks: Sequence[str]) -> str:
    if name not in metric_table():
        same = [known for known in reported if known.casefold() == str(name).casefold()]
        hint = f"did you mean '{same[0]}'?" if same else nearest(name, reported or metric_table())
        return f"no metric '{name}'; {hint}"
    metric = metric_table()[name]
    if of not in metric.reported_by and not (of == "study" and "run" in metric.reported_by):
        by = " or ".join(f"an {kind}" if kind == "assessment" else f"a {kind}" for kind in metric.reported_by)
        return f"no '{name}' of a{'n' * (of == 'assessment')} {of}; it is a number of {by}"
    return "; ".join([f"'{name}' has no value in this {of} ({metric.definition})", *remarks])


def _no_scope(name: str, scope: str, scopes: Collection[str]) -> str:
    known = sorted({*scopes, *map(_bare, scopes)} - {""})
    kind, _, rest = scope.partition(":")
    kinds = metric_table()[name].scopes if name in metric_table() else ()
    if rest and kind in kinds and metric_table()[name].zero_when_absent:
        return f"no {name} of '{scope}': a place or class that lost nothing has no row; {nearest(scope, known)}"
    return f"no {name} of '{scope}'; {nearest(scope, known)}"
