"""Whether a run follows the first minutes after sudden changes."""

from __future__ import annotations

import numpy as np

from gridsim.model.power import (
    FIRST_MINUTES_ACTIONS,
    FIRST_MINUTES_QUANTITIES,
    VOLTAGE_ACTIONS,
    VOLTAGE_QUANTITY,
    Automation,
)
from gridsim.model.scenario import FirstMinutesMode, Policy
from gridsim.model.table import B1

SHED_LOAD, REACTORS_OFF, REACTORS_ON, OPEN_UNLOADED = VOLTAGE_ACTIONS


def of_voltages(rules: Automation) -> B1:
    """(n_rules,) True for rules that watch voltages, which act on the AC state after a sudden change."""
    return np.asarray((rules.quantity == VOLTAGE_QUANTITY) & np.isin(rules.action, VOLTAGE_ACTIONS))


def watches_high_voltage(action: str) -> bool:
    """True for actions against a voltage above the setting, False for those against one below."""
    return action in (REACTORS_ON, OPEN_UNLOADED)


def of_first_minutes(rules: Automation) -> B1:
    """(n_rules,) True for rules that act in the first minutes."""
    return np.isin(rules.quantity, FIRST_MINUTES_QUANTITIES) & np.isin(rules.action, FIRST_MINUTES_ACTIONS)


def follows_first_minutes(policy: Policy, rules: Automation) -> bool:
    """True where the policy asks for it, or leaves it to the network and that states rules."""
    if policy.first_minutes is FirstMinutesMode.AUTO:
        return bool((of_first_minutes(rules) | of_voltages(rules)).any())
    return policy.first_minutes is FirstMinutesMode.ON
