"""report(): any result, fresh or loaded, as one HTML file."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from gridsim.engine.run import RunResult
from gridsim.errors import GridsimError, StudyError
from gridsim.hooks import call
from gridsim.io.bundled import network_folder, network_title
from gridsim.io.manifest import STUDY_FILE, read_manifest
from gridsim.io.output_file import PAGE, write_output
from gridsim.io.read_network import read_network
from gridsim.io.read_outlines import read_outlines
from gridsim.io.store import package_versions
from gridsim.model.system import GridSystem
from gridsim.reliability import AssessmentResult
from gridsim.report.adequacy_page import AssessmentView, Extras, assessment_page
from gridsim.report.answer import sections_full_anyway
from gridsim.report.html import Page, html_of
from gridsim.report.made_by import run_command, study_command
from gridsim.report.run_page import RunView, run_page
from gridsim.report.study_page import StudyView, case_view, study_page
from gridsim.results.scorecard import Score, scorecard
from gridsim.results.study_result import StudyResult

_NO_NETWORK = "No map: the network of this run is not at hand. --network names its folder."


def report(result: Any, path: str | Path, *, network: str | Path | None = None) -> Path:
    """Write ``result`` as one self-contained HTML file; its path.

    ``result``: of run, run_study or assess, or what ``load`` gives. ``network``: the folder of a loaded run's network
    where that is no bundled one. StudyError for anything else; InputError where another file than a report is there.
    """
    return write_page(page_of(result, network), Path(path))


def write_page(page: Page, path: Path) -> Path:
    """Write a page as one file, never over one that is no page of gridsim's (InputError); its path."""
    write_output(path, html_of(page).encode(), PAGE)
    return path


def report_assessment(result: AssessmentResult, path: Path, extras: Extras, command: str) -> Path:
    """Write the page of an assessment with what it was asked besides, and the command that makes it."""
    view = _fresh_assessment(result)
    origin = [*view.origin, ("make it again", command)]
    return write_page(assessment_page(dataclasses.replace(view, origin=origin, extras=extras)), path)


def page_of(result: Any, network: str | Path | None = None) -> Page:
    """The page of a result."""
    if is_run(result):
        return run_page(view_of(result, network))
    if isinstance(result, StudyResult):
        return page_of(call("load", result.path), network)
    if isinstance(result, AssessmentResult):
        return assessment_page(_fresh_assessment(result))
    manifest = getattr(result, "manifest", None)
    if manifest is None and hasattr(result, "cases"):
        told = read_manifest(result.path / STUDY_FILE)
        return study_page(_study(str(told.get("study", result.path.name)), result.cases, network, told))
    if isinstance(manifest, Mapping) and manifest.get("kind") == "assessment":
        return assessment_page(_loaded_assessment(result))
    if isinstance(manifest, Mapping) and "blocks" in manifest:
        return study_page(_study(result.name, (result,), network))
    raise StudyError(f"no report of a {type(result).__name__}; give a run, a study or an assessment, or its folder")


def is_run(result: Any) -> bool:
    """True for one trajectory, fresh or loaded."""
    manifest = getattr(result, "manifest", None)
    loaded = isinstance(manifest, Mapping) and manifest.get("kind", "run") == "run" and "blocks" not in manifest
    return isinstance(result, RunResult) or loaded


def view_of(result: Any, network: str | Path | None = None) -> RunView:
    """One trajectory as its page and figures read it; StudyError for anything else."""
    if not is_run(result):
        raise StudyError(f"a {type(result).__name__} is no run; give a RunResult or a loaded run")
    return _fresh(result) if isinstance(result, RunResult) else _loaded(result, network)


def _fresh(result: RunResult) -> RunView:
    scenario = result.scenario
    try:
        outlines = read_outlines(network_folder(result.system.name))
    except GridsimError:
        outlines = None  # a network of one's own has none under its name
    origin = [
        *_versions(package_versions()),
        ("seed", f"{result.seed}, replicate {result.replicate}"),
        ("network", f"{result.system.name}, SHA-256 {result.system.content_hash}"),
        ("make it again", run_command(scenario.name, result.seed, result.replicate)),
    ]
    return RunView(
        name=scenario.name,
        description=scenario.description,
        question=scenario.question,
        start=scenario.horizon.start,
        hours=scenario.horizon.hours,
        tables=result.tables,
        estimates=result.estimates,
        log=result.log,
        scorecard=result.scorecard,
        why=result.why,
        system=result.system,
        outlines=outlines,
        remarks=result.remarks,
        origin=origin,
        full_anyway=sorted(sections_full_anyway(result)),
    )


class _Tables(Mapping[str, Any]):
    """Tables of a loaded run as columns, each read when first asked for."""

    def __init__(self, run: Any):
        self._run = run
        self._read: dict[str, Any] = {}

    def __getitem__(self, table: str) -> Any:
        if table not in self._read:
            if table not in self._run.tables:
                raise KeyError(table)
            self._read[table] = _columns_of(self._run.frame(table))
        return self._read[table]

    def __iter__(self) -> Iterator[str]:
        return iter(self._run.tables)

    def __len__(self) -> int:
        return len(self._run.tables)


def _loaded(run: Any, network: str | Path | None) -> RunView:
    manifest, scenario = run.manifest, run.scenario
    system, outlines, note = _network_of(manifest, scenario, network)
    return RunView(
        name=run.name,
        description=str(scenario.get("description", "")),
        question=str(scenario.get("question", "")),
        start=run.start,
        hours=float(scenario["horizon"]["hours"]),
        tables=_Tables(run),
        estimates=run.estimates,
        log=run.log(),
        scorecard=scores_of(run, system),
        why=run.why,
        system=system,
        outlines=outlines,
        remarks=manifest.get("remarks", ()),
        origin=origin_of(run, _made_by(run)),
        map_note=note,
        full_anyway=manifest.get("full_anyway"),
    )


def _made_by(run: Any) -> str:
    """The command that a run's folder keeps; of one of before its scenario, without what was set besides."""
    known = run.manifest.get("made_by")
    return str(known or run_command(run.name, run.manifest.get("seed", 0), run.manifest.get("replicate", 0)))


def _study(
    name: str, runs: Sequence[Any], network: str | Path | None, head: Mapping[str, Any] | None = None
) -> StudyView:
    """The view of a study. ``head``: what its ``study.json`` says; one of 0.1 has neither question nor changes."""
    head = head or {}
    changes, cases = head.get("changes", {}), []
    for run in runs:
        system = _network_of(run.manifest, run.scenario, network)[0]
        cases.append(case_view(run, scores_of(run, system), changes.get(run.path.name)))
    first = runs[0]
    words = str(head.get("description", ""))
    description = (
        str(first.scenario.get("description", "")) if len(runs) == 1 else f"{len(runs)} cases. {words}".strip()
    )
    question = str(head.get("question", "") or (first.scenario.get("question", "") if len(runs) == 1 else ""))
    command = study_command(name, first.manifest, alone=not head)
    return StudyView(name, description, cases, origin_of(first, command), question)


def _columns_of(frame: Any) -> dict[str, Any]:
    return {str(name): frame[name].to_numpy() for name in frame}


def _fresh_assessment(result: AssessmentResult) -> AssessmentView:
    method = result.method
    seed = getattr(method, "seed", None)
    origin = [*_versions(package_versions()), ("stopped", str(result.stopped))]
    origin += [("seed", str(seed))] if seed is not None else []
    return AssessmentView(
        system=result.system,
        estimates=result.estimates,
        frames={table: _columns_of(result.frame(table)) for table in result.tables if table != "metrics"},
        n_samples=result.n_samples,
        level=str(method.level),
        origin=origin,
        title=network_title(result.system),
    )


def _loaded_assessment(run: Any) -> AssessmentView:
    manifest = run.manifest
    rows = [("stopped", str(manifest.get("stopped", ""))), *origin_of(run, "")]
    return AssessmentView(
        system=str(manifest.get("network", run.name)),
        estimates=run.estimates,
        frames={table: _columns_of(run.frame(table)) for table in run.tables if table != "metrics"},
        n_samples=int(manifest.get("samples", 0)),
        level=str(manifest.get("level", "")),
        origin=rows,
        title=network_title(str(manifest.get("network", ""))),
    )


def scores_of(run: Any, system: GridSystem | None) -> tuple[Score, ...]:
    """The scorecard that the folder holds; made from the numbers where it holds none (a study, version 0.1)."""
    if "scorecard" in run.tables:
        rows = run.frame("scorecard").astype(object)
        rows = rows.where(rows.notna(), None)
        return tuple(Score(**{str(key): value for key, value in row.items()}) for row in rows.to_dict("records"))
    return scorecard(system, run.estimates) if system is not None else ()


def origin_of(run: Any, command: str) -> list[tuple[str, str]]:
    """Versions, hashes and seed of a folder, and the command that makes it again."""
    manifest = run.manifest
    rows = [
        *_versions(manifest.get("versions", {})),
        ("seed", str(manifest.get("seed", ""))),
        ("network", f"{manifest.get('network', '')}, SHA-256 {manifest.get('network_hash', '')}"),
        ("code", f"SHA-256 {manifest.get('code_hash', '')}"),
        ("finished", str(manifest.get("finished", ""))),
        ("make it again", command),
    ]
    return [(name, text) for name, text in rows if text.strip() and not text.endswith("SHA-256 ")]


def _versions(versions: Mapping[str, str]) -> list[tuple[str, str]]:
    return [("versions", ", ".join(f"{name} {version}" for name, version in versions.items()))] if versions else []


def _network_of(
    manifest: Mapping[str, Any], scenario: Mapping[str, Any], network: str | Path | None
) -> tuple[GridSystem | None, dict[str, Any] | None, str]:
    """System and outlines of a loaded run, and what is to be said about them."""
    name = str(network or manifest.get("network", ""))
    try:
        system = read_network(name, str(scenario.get("variant", "") or ""))
        outlines = read_outlines(network_folder(name))
    except GridsimError:
        if network is not None:
            raise
        return None, None, _NO_NETWORK
    changed = manifest.get("network_hash") not in ("", None, system.content_hash)
    note = "The network has changed since this run: the map shows it as it is today." if changed else ""
    return system, outlines, note
