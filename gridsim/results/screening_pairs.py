"""Pairs of outages as frames: one row per pair, worst first."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from gridsim.solvers.screen_double import DoubleResult
from gridsim.solvers.screen_pairs import PairResult

if TYPE_CHECKING:
    import pandas as pd


def pairs_frame(result: PairResult) -> pd.DataFrame:
    """One row per ordered pair of N-1-1.

    Columns: first, second, secure, over_mw, worst_over and worst_over_percent (largest MW beyond a limit right after
    the second outage, of what, its loading; without an excess the fullest), dark_mw, islanded_mw, short_mw,
    first_shed_mw (shed by the redispatch after the first), shed_mw (all that is shed in the end), pre_shed_mw (what
    would have to be shed after the first, beyond first_shed_mw, so that the second passes nothing), added_mw (of both,
    beyond what either outage asks for alone), solved (dc, or how the AC power flow was found), ac_over_mw,
    ac_worst_over, vm_min_pu, reason, margin_percent and margin_mw (AC, of the worst pairs). ``attrs``: n1_1_secure,
    counts of outages, pairs, pairs that need pre-shedding, first outages with shedding, and dispatch problems solved.
    """
    import pandas as pd

    firsts = result.firsts
    names = np.array([one.name for one in firsts.outages], dtype=np.str_)
    frame = pd.DataFrame(
        {
            "first": names[result.first],
            "second": result.second_name,
            "secure": result.secure,
            "over_mw": result.over_mw,
            "worst_over": result.over_name,
            "worst_over_percent": result.over_percent,
            "dark_mw": result.dark_mw,
            "islanded_mw": result.islanded_mw,
            "short_mw": result.short_mw,
            "first_shed_mw": firsts.shed_mw[result.first],
            "shed_mw": result.shed_mw,
            "pre_shed_mw": result.pre_shed_mw,
            "added_mw": result.added_mw,
            "solved": result.solved,
            "ac_over_mw": result.ac_over_mw,
            "ac_worst_over": result.ac_over_name,
            "vm_min_pu": result.ac_vm_min_pu,
            "reason": result.ac_reason,
            "margin_percent": result.margin_percent,
            "margin_mw": result.margin_mw,
        }
    )
    frame = frame.iloc[result.order].reset_index(drop=True)
    frame.attrs |= {
        "level": "1-1",
        "n1_1_secure": bool(result.secure.all()),
        "n_outages": len(names) - 1,
        "n_pairs": len(frame),
        "n_insecure": int((~result.secure).sum()),
        "n_pre_shed": int((result.pre_shed_mw > 0.0).sum()),
        "n_first_shed": int((firsts.shed_mw[1:] > 0.0).sum()),
        "dispatches": int(result.solves),
    }
    return frame


def doubles_frame(result: DoubleResult) -> pd.DataFrame:
    """One row per pair of N-2 that is not secure.

    Columns: first, second, over_mw, worst_over, worst_over_percent, dark_mw, islanded_mw, short_mw, added_mw (excess,
    shortage and load cut off beyond those of the two alone). ``attrs``: n2_secure, n_outages, n_pairs, n_bounded (shown
    secure by their certificate) and n_solved.
    """
    import pandas as pd

    frame = pd.DataFrame(
        {
            "first": result.first_name,
            "second": result.second_name,
            "over_mw": result.over_mw,
            "worst_over": result.over_name,
            "worst_over_percent": result.over_percent,
            "dark_mw": result.dark_mw,
            "islanded_mw": result.islanded_mw,
            "short_mw": result.short_mw,
            "added_mw": result.added_mw,
        }
    )
    frame.attrs |= {
        "level": "2",
        "n2_secure": not len(frame),
        "n_outages": result.n_outages,
        "n_pairs": result.n_pairs,
        "n_bounded": result.n_bounded,
        "n_solved": result.n_solved,
    }
    return frame
