"""Records of an assessment: values handed to ``gridsim.assess``, each adding one kind of result."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Shortfall:
    """LOLH, LOLD, LOLEv, LOLP, EUE, NEUE, EPNS, VaR, CVaR, event statistics. Always recorded."""


@dataclass(frozen=True)
class ShortfallEvents:
    """A table of every shortfall event: sample, scope, start_h, duration_h, energy_mwh, peak_mw.

    The only result whose memory grows with the number of samples.
    """


@dataclass(frozen=True)
class LossOfLoadProfile:
    """LOLP of the system by month and hour of the day."""


@dataclass(frozen=True)
class ShortfallByMonth:
    """EUE of the system by calendar month, and the weeks with the most unserved energy."""


Spec = Shortfall | ShortfallEvents | LossOfLoadProfile | ShortfallByMonth
