"""`gridsim validate` and `gridsim schema`: what files must look like."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Annotated, Any

import typer

from gridsim.cli.app import EXIT_BAD_INPUT, JsonOption, app
from gridsim.cli.completion import names_to_validate, network_names
from gridsim.cli.printing import as_dicts
from gridsim.cli.study import warnings_of
from gridsim.cli.variant import VariantOption, variant_name
from gridsim.errors import InputError, Problem, StudyError


@app.command()
def validate(
    path: Annotated[
        str,
        typer.Argument(
            help="A network folder, a scenario, study or script file, or a bundled name; scripts are not executed.",
            autocompletion=names_to_validate,
        ),
    ],
    variant: VariantOption = None,
    network: Annotated[
        str | None,
        typer.Option(help="The network of a script that joins others' scenarios.", autocompletion=network_names),
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Check a network folder, a scenario or a study file: every problem, and every column that has no effect.

    A network is judged too: units, connections, outage data, capacity, the power flow of its peak; errors end with 2.
    """
    problems: list[dict[str, Any]] = []
    told = ""
    warnings: list[Problem] = []
    try:
        kind, warnings = _read_anything(path, variant_name(variant), network)
    except InputError as error:
        if not as_json:
            raise
        problems, told = as_dicts(error.problems), str(error)
        print(error, file=sys.stderr)
        kind = "unknown"
    if as_json:
        status = "failed" if problems else "complete"
        verdict: dict[str, Any] = {
            "command": "validate",
            "status": status,
            "path": path,
            "kind": kind,
            "problems": problems,
        }
        if problems:
            verdict["error"] = {"kind": "InputError", "message": told, "problems": problems}
        judged = _judged(path, variant_name(variant)) if kind == "network" else []
        wrong = [problem for problem in judged if problem.kind == "error"]
        if kind == "network":
            doubts = [problem for problem in judged if problem not in wrong]
            verdict["judgement"] = {"errors": as_dicts(wrong), "warnings": as_dicts(doubts)}
        print(json.dumps({**verdict, "warnings": as_dicts(warnings)}))
        if problems or wrong:
            raise typer.Exit(EXIT_BAD_INPUT)
        return
    for warning in warnings:
        print(f"warning: {warning}")
    judged = _judged(path, variant_name(variant)) if kind == "network" else []
    for problem in judged:
        print(f"{'error' if problem.kind == 'error' else 'doubtful'}: {problem}")
    n_wrong = sum(problem.kind == "error" for problem in judged)
    if n_wrong:
        print(f"{path}: {kind}, {n_wrong} {'error' if n_wrong == 1 else 'errors'}")
        raise typer.Exit(EXIT_BAD_INPUT)
    ended = f"no errors, {len(judged)} {'doubt' if len(judged) == 1 else 'doubts'}" if judged else "no problems"
    print(f"{path}: {kind}, {ended}")


def _judged(path: str, variant: str | None) -> list[Problem]:
    """Doubts about a network that reads without problems."""
    from gridsim.io.read_network import read_network
    from gridsim.results.judgement import judge_network

    return judge_network(read_network(path, variant or ""), path)


@app.command()
def schema(
    what: Annotated[str, typer.Argument(help="scenario, study, network, variant, or the name of a table")] = "scenario",
) -> None:
    """Print the JSON Schema of a scenario file, of network.yaml, or of the rows of a table."""
    from gridsim.errors import nearest
    from gridsim.io.read_network import NetworkMeta
    from gridsim.io.read_variant import VariantKeys
    from gridsim.io.schemas import TABLES
    from gridsim.io.schemas.scenario import ScenarioKeys
    from gridsim.io.schemas.study import StudyKeys

    models: dict[str, type[Any]] = {
        "scenario": ScenarioKeys,
        "study": StudyKeys,
        "network": NetworkMeta,
        "variant": VariantKeys,
    }
    models |= {name: table.row for name, table in TABLES.items()}
    if what not in models:
        raise StudyError(f"no schema of '{what}'; {nearest(what, models)}")
    print(json.dumps(models[what].model_json_schema(), indent=2))


def _read_anything(path: str, variant: str | None, network: str | None) -> tuple[str, list[Problem]]:
    """Read a network, a scenario or a study; says which it was, and its warnings."""
    from gridsim.errors import nearest
    from gridsim.io.bundled import RENAMED, event_files, network_names, study_files
    from gridsim.io.read_network import read_network
    from gridsim.io.read_scenario import read_scenario
    from gridsim.io.read_study import read_study
    from gridsim.io.yaml_lines import read_yaml

    if network is not None and not path.endswith(".py"):
        raise StudyError("--network: only a script can be checked against another network; leave it out")
    if Path(path).is_dir() or path in network_names():
        return "network", list(read_network(path, variant or "").warnings)
    if path in study_files() or (
        Path(path).is_file() and not path.endswith(".py") and "scenarios" in read_yaml(Path(path))[1].data
    ):
        if variant is not None:
            raise StudyError("variant: a study lists its variants itself; leave the option out")
        return "study", warnings_of(read_study(path, execute=False))
    if not path.endswith(".py"):
        if not (Path(path).exists() or Path(path).suffix or path in event_files() or path in RENAMED):
            names = [*network_names(), *event_files(), *study_files()]
            raise InputError([Problem(path, 0, "", "no such network, event, study or file", nearest(path, names))])
        return "scenario", list(read_scenario(path, variant=variant)[0].warnings)
    from gridsim.io.read_script import look_at_script
    from gridsim.io.script_names import check_script_names

    if network is None:
        system = read_scenario(path, variant=variant, execute=False)[0]
    else:
        look_at_script(Path(path))
        system = read_network(network, variant or "")
    if problems := check_script_names(Path(path), system):
        raise InputError(problems)
    return "script", list(system.warnings)
