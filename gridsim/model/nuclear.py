"""Nuclear sites: which of them stand, and how often such sites lose offsite power."""

from __future__ import annotations

import math
from statistics import NormalDist

import numpy as np

from gridsim.model.carriers import NuclearSites, OffsiteLosses
from gridsim.model.table import I4

PLANNED = "planned"
_NORMAL = NormalDist()


def standing_sites(sites: NuclearSites) -> I4:
    """Positions of sites that exist: operating, or shut down with what must still be cooled or watched."""
    return np.flatnonzero(sites.status != PLANNED).astype(np.int32)


def loss_of_offsite_power(losses: OffsiteLosses, longer_than_h: float = 0.0) -> float:
    """Losses a year of all kinds of reason that last longer than so many hours (lognormal durations)."""
    if not longer_than_h > 0.0:
        return float(losses.per_year.sum())
    z = (math.log(longer_than_h) - losses.mu_ln_h) / losses.sigma_ln_h
    return float(sum(rate * (1.0 - _NORMAL.cdf(at)) for rate, at in zip(losses.per_year, z.tolist(), strict=True)))
