"""What `gridsim adequacy` prints without --json."""

from __future__ import annotations

import io

import numpy as np
import pandas as pd
from rich.console import Console

from gridsim.reliability import SequentialMonteCarlo, assess, system_from_frames
from gridsim.report.assessment import print_assessment


def test_the_system_first_then_zones_with_the_most_unserved_energy_first() -> None:
    """Areas without machines: 24 h of 1 and of 3 MW, always short."""
    units = pd.DataFrame({"name": ["g"], "area": ["rich"], "p_max_mw": [9.0]})
    load = pd.DataFrame({"rich": np.full(24, 4.0), "poor": np.full(24, 1.0), "poorest": np.full(24, 3.0)})
    result = assess(system_from_frames(units, load), SequentialMonteCarlo(years=32, level="zonal"))
    out = io.StringIO()
    print_assessment(Console(file=out, width=200), "case", "none", result)
    system, zones = out.getvalue().split("\n\n")
    assert "imports: none, 32 samples" in system
    assert next(line.split()[1] for line in system.splitlines() if line.startswith("EUE")) == "96"
    header, *rows = zones.splitlines()
    assert header.split()[:4] == ["zone", "EUE", "MWh", "+-"]
    assert [row.split()[:2] for row in rows] == [["poorest", "72"], ["poor", "24"], ["rich", "0"]]
