"""Outages of one sample in plain Python, with names; imported by tests only.

A component is a dict: ``kind``, ``name``, ``states`` (list of dicts ``lost``, ``mean_h``, ``law``, ``sigma``),
``equilibrium`` (probabilities of the states), ``jump`` (matrix), and optionally ``rate_factor`` (failure rate of each
hour over the largest) and ``repair_factor``. Its life is followed to the end of the horizon; every hour asks in which
state it stands.
"""

from __future__ import annotations

import math
from statistics import NormalDist
from typing import Any

from gridsim.kernels.rng_reference import exponential_reference, first_above, uniform_reference


def lost_share_reference(seed: int, sample: int, component: dict[str, Any], n_hours: int) -> list[float]:
    """Share of the component's capacity lost at the start of each hour."""
    kind, name, states = component["kind"], component["name"], component["states"]
    n_jumps = 0

    def jump_uniform() -> float:
        nonlocal n_jumps
        n_jumps += 1
        return uniform_reference(seed, sample, kind, name, "jump", n_jumps - 1)

    first = uniform_reference(seed, sample, kind, name, "outage", 0)
    factor, repairs = component.get("rate_factor"), component.get("repair_factor")
    if component.get("plain", False):
        # the batch compares exponentials: down if -log(u) exceeds -log(unavailability), so small u means down
        state = 1 if first < component["equilibrium"][1] else 0
    elif factor is not None:
        odds = factor[0] * states[1]["mean_h"] / states[0]["mean_h"]
        returning = repairs[0] if repairs is not None else 1
        state = 1 if odds > 0 and first < odds / (returning + odds) else 0
    else:
        state = first_above(component["equilibrium"], first)

    def stay_h(draw: int, residual: bool) -> float:
        law = states[state].get("law", "exponential")
        mean_h, sigma = states[state]["mean_h"], states[state].get("sigma", 0.0)
        if law == "exponential":
            return float(mean_h * exponential_reference(seed, sample, kind, name, "outage", draw))
        share = jump_uniform() if residual else 1.0
        if law == "constant":
            return float(share * mean_h)
        z = NormalDist().inv_cdf(uniform_reference(seed, sample, kind, name, "outage", draw))
        # mean of a lognormal is exp(mu + sigma^2/2); length bias adds sigma^2 to mu
        mu = math.log(mean_h) - sigma**2 / 2 + (sigma**2 if residual else 0.0)
        return share * math.exp(mu + sigma * z)

    visits: list[tuple[float, float, float]] = []
    end_h = stay_h(1, residual=True)
    visits.append((0.0, end_h, states[state]["lost"]))
    draw = 2
    while end_h < n_hours:
        start_h = end_h
        if factor is not None and state == 0:
            state = 1 if jump_uniform() < factor[math.floor(start_h)] else 0
        elif repairs is not None:
            state = 0 if jump_uniform() < repairs[math.floor(start_h)] else 1
        elif len(states) == 2:
            state = 1 - state
        else:
            state = first_above(component["jump"][state], jump_uniform())
        end_h = start_h + stay_h(draw, residual=False)
        visits.append((start_h, end_h, states[state]["lost"]))
        draw += 1
    shares = []
    for hour in range(n_hours):
        here = [lost for start_h, end_h, lost in visits if start_h <= hour < end_h]
        shares.append(here[-1])
    return shares


def derated_share_reference(
    outages: list[tuple[int, int, int]],
    outage_factor: list[list[float]],
    repair_factor: list[list[float]],
    hour_class: list[int],
) -> list[float]:
    """Share lost by a component behind a cause in each hour.

    ``outages``: first hour, hour after the last, and hours it had lasted at its first hour; the factors by class and
    hours since the start and since the repair.
    """
    shares = []
    for hour, group in enumerate(hour_class):
        worst = 1.0
        for first, end, age_h in outages:
            if hour < first:
                continue
            since = hour - first + age_h
            gone_on = outage_factor[group][min(since, len(outage_factor[group]) - 1)]
            if hour < end:
                worst = min(worst, gone_on)
            else:
                drained = repair_factor[group][hour - end] if hour - end < len(repair_factor[group]) else 1.0
                worst = min(worst, max(gone_on, drained))
        shares.append(1.0 - worst)
    return shares
