"""`gridsim new`: commented templates that run as they are."""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import Annotated

import typer

from gridsim.cli.app import app
from gridsim.errors import InputError, Problem, StudyError, nearest

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
    what: Annotated[str, typer.Argument(help="event or script")],
    name: Annotated[str, typer.Argument(help="Name of the file, without its ending.")],
) -> None:
    """Write a commented template that runs as it is."""
    templates = {"event": (EVENT, ".yaml"), "script": (SCRIPT, ".py")}
    if what not in templates:
        raise StudyError(f"nothing to write under '{what}'; {nearest(what, templates)}")
    template, ending = templates[what]
    path = Path(name).with_suffix(ending)
    function = re.sub(r"\W", "_", path.stem)
    if not function.isidentifier():
        raise InputError([Problem(str(path), 0, "", "no name for a function", "begin it with a letter")])
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("x", encoding="utf-8") as file:  # never over a file, nor through a link
            file.write(template.format(name=path.stem, function=function))
    except OSError as error:
        what = "exists" if os.path.lexists(path) else f"not writable: {error.strerror}"
        raise InputError([Problem(str(path), 0, "", what, "choose another name")]) from None
    print(f"{path}: run it with gridsim run {path}")
