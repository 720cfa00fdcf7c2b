"""`gridsim new`: commented templates that run as they are."""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import Annotated

import typer

from gridsim.cli.app import app
from gridsim.cli.completion import network_names
from gridsim.errors import InputError, Problem, StudyError, nearest

_INSTEAD = {"script": "write the network into the script's scenario, with names of its own to fail"}

EVENT = """\
# Run it: gridsim run {name}.yaml. Keys: docs/format.md. Kinds of events: gridsim list kinds.
schema_version: 1
question: What does the loss of one North-South circuit cost at the evening peak?
network: kazakhstan                  # a bundled network or a folder
horizon: {{start: "2026-01-14 12:00", hours: 12}}
# weather:                           # left out: the climate's normal course
#   year_seed: 1                     # a generated year, with an event of stated return period in it
#   design_event: {{kind: cold_wave, at: +6h, days: 3, return_period_years: 10}}
# failures: typical                  # what is usually out in the month; on: everything fails at random
events:
  - id: trip                         # unique; draws belong to it
    at: +6h                          # or a local time, "2026-01-14 18:00"
    kind: line_outage
    target: l500_agadyr_yukgres_1    # a name, a list of names, or all
    duration: 4h                     # or repair: {{distribution: lognormal, mean_h: 8}}
    # probability: 0.5
  - id: second_circuit               # an event that follows another, if something holds then
    kind: line_outage
    target: l500_agadyr_yukgres_2
    duration: 1h
    depends_on: {{event: trip, delay: 1h, only_if: {{quantity: section_loading, of: north_south, above: 0.95}}}}
policy: {{imports: contract, ac: fast}}
"""

OWN_EVENT = """\
# Run it: gridsim run {name}.yaml. Keys: docs/format.md. Kinds of events: gridsim list kinds.
schema_version: 1
question: What does the loss of one line cost at the evening peak?
network: {network}
horizon: {{start: "2026-01-14 12:00", hours: 12}}
# failures: on                       # every component that has outage data fails and is repaired at random, too
events:
  - id: trip                         # unique; draws belong to it
    at: +6h                          # or a local time, "2026-01-14 18:00"
    kind: {kind}
    target: {target}
    duration: 4h                     # or repair: {{distribution: lognormal, mean_h: 8}}
    # probability: 0.5
policy: {{ac: fast}}
"""

SCRIPT = '''\
"""What does the loss of one North-South circuit cost at the evening peak?

Run it: gridsim run {name}.py. What a script may do: docs/scripting.md.
"""

import gridsim

# Where it runs: a bundled event, a scenario file, or its keys as a dict.
scenario = {{"network": "kazakhstan", "horizon": {{"start": "2026-01-14 12:00", "hours": 12}}}}


@gridsim.contingency
def {function}(sim: gridsim.Sim) -> gridsim.Waits:
    yield sim.at("2026-01-14 18:00")  # wait for a time ...
    sim.fail("l500_agadyr_yukgres_1")  # ... act at it
    sim.log(f"section at {{sim.section('north_south').flow_mw:.0f}} MW before the trip")
    yield sim.hours(4)  # ... for a length of time ...
    sim.restore("l500_agadyr_yukgres_1")
    yield sim.until(lambda s: s.system().unserved_mw < 1)  # ... or until something holds
    sim.log("everybody is served")
'''


@app.command()
def new(
    what: Annotated[str, typer.Argument(help="event, script or network")],
    name: Annotated[str, typer.Argument(help="Name of the file, without its ending, or of the folder.")],
    network: Annotated[
        str | None, typer.Option(help="Network of an event: its largest line is lost.", autocompletion=network_names)
    ] = None,
) -> None:
    """Write a commented template that runs as it is: an event, a script, or a network of five buses."""
    if network is not None and what != "event":
        raise StudyError(f"--network: for an event alone; {_INSTEAD.get(what, 'leave it out')}")
    if what == "network":
        _write_network(Path(name))
        return
    templates = {"event": (EVENT, ".yaml"), "script": (SCRIPT, ".py")}
    if what not in templates:
        raise StudyError(f"nothing to write under '{what}'; {nearest(what, [*templates, 'network'])}")
    template, ending = templates[what]
    keys = {}
    if network is not None:
        template, keys = OWN_EVENT, _first_loss(network, Path(name).parent)
    path = Path(name).with_suffix(ending)
    function = re.sub(r"\W", "_", path.stem)
    if not function.isidentifier():
        raise InputError([Problem(str(path), 0, "", "no name for a function", "begin it with a letter")])
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("x", encoding="utf-8") as file:  # never over a file, nor through a link
            file.write(template.format(name=path.stem, function=function, **keys))
    except OSError as error:
        what = "exists" if os.path.lexists(path) else f"not writable: {error.strerror}"
        raise InputError([Problem(str(path), 0, "", what, "choose another name")]) from None
    print(f"{path}: run it with gridsim run {path}")


def _first_loss(network: str, beside: Path) -> dict[str, str]:
    """Keys of an event that loses the line of the largest rating, of a network without lines the largest machine."""
    import numpy as np
    import yaml

    from gridsim.io.bundled import network_folder
    from gridsim.io.read_network import read_network

    system = read_network(network)
    lines, gens = system.lines, system.generators
    if lines.in_service.any():
        rating = np.where(np.isnan(lines.max_i_ka), 0.0, lines.max_i_ka * lines.parallel)
        size = rating * system.buses.vn_kv[lines.from_bus]
        kind, target = "line_outage", lines.name[int(np.argmax(np.where(lines.in_service, size, -1.0)))]
    else:
        kind, target = "generator_outage", gens.name[int(np.argmax(gens.p_max_mw))]
    folder = network_folder(network)
    is_path = folder.resolve() == Path(network).resolve()
    place = os.path.relpath(folder, beside) if is_path else network
    quoted = [yaml.safe_dump(str(text), default_style=None).removesuffix("...\n").strip() for text in (place, target)]
    return {"network": quoted[0], "kind": kind, "target": quoted[1]}


def _write_network(folder: Path) -> None:
    from gridsim.cli.network_template import network_files
    from gridsim.io.texts import name_fault

    if fault := name_fault(folder.name):
        raise InputError([Problem(str(folder), 0, "", *fault)])
    try:
        folder.mkdir(parents=True)
        for file, text in network_files(folder.name).items():
            (folder / file).write_text(text, encoding="utf-8")
    except OSError as error:
        what = "exists" if os.path.lexists(folder) else f"not writable: {error.strerror}"
        raise InputError([Problem(str(folder), 0, "", what, "choose another name")]) from None
    print(f"{folder}: check it with gridsim validate {folder}, assess it with gridsim adequacy {folder}")
