"""Heat of cities against the definition, city by city, and by hand."""

from __future__ import annotations

import numpy as np
import pytest

from gridsim.kernels.heat import DISTRICT, HOMES, Cities, feed_cities
from gridsim.kernels.heat_reference import CityHour, district_reference

N, N_GENS, N_MEMBERS, N_CUSTOMERS = 12, 40, 20, 18


def cities(rng):
    gen_city = np.sort(rng.integers(0, N, N_MEMBERS))
    boilers_mw = np.where(rng.random(N) < 0.5, rng.uniform(0.0, 100.0, N), 0.0)
    gen_mw = rng.uniform(10.0, 100.0, N_MEMBERS)
    return Cities(
        design_c=rng.uniform(-40.0, -15.0, N),
        peak_mw=rng.uniform(50.0, 300.0, N),
        chp_mw=rng.uniform(0.0, 300.0, N),
        boilers_mw=boilers_mw,
        surplus=rng.uniform(1.0, 2.0, N),
        frozen_share=rng.uniform(0.1, 0.4, N),
        people=rng.uniform(1e3, 1e5, (N, 2)),
        heater_kw=rng.uniform(0.5, 2.0, N),
        gen=rng.permutation(N_GENS)[:N_MEMBERS],
        gen_city=gen_city,
        gen_mw=gen_mw,
        gen_left=rng.uniform(0.8, 1.0, N_MEMBERS),
        weight_mw=np.bincount(gen_city, gen_mw, N),
        customer=rng.permutation(N_CUSTOMERS),
        customer_city=rng.integers(0, N, N_CUSTOMERS),
        customer_group=rng.integers(0, 2, N_CUSTOMERS),
        mw_per_mcm_per_d=np.array([353.0]),
    )


@pytest.mark.parametrize("seed", range(5))
def test_every_city_as_the_definition_says(seed):
    rng = np.random.default_rng(seed)
    network = cities(rng)
    outdoor_c, alive = rng.uniform(-45.0, 25.0, N), rng.random(N) < 0.8
    share, asked = rng.uniform(0.0, 1.0, N_GENS), rng.uniform(0.0, 1.0, N_CUSTOMERS)
    got, thaw_h = asked * rng.uniform(0.5, 1.0, N_CUSTOMERS), np.where(rng.random(N) < 0.3, 5.0, 0.0)
    heaters = rng.uniform(0.0, 1.0, (N, 2))
    asked_mw, delivered_mw = np.empty((N, 2)), np.empty((N, 2))
    chp_mw, boilers_mw, fed_share, heaters_mw = (np.empty(N) for _ in range(4))
    most = feed_cities(
        cities=network,
        outdoor_c=outdoor_c,
        machines_share=share,
        alive=alive,
        gas_asked=asked,
        gas_delivered=got,
        thaw_h=thaw_h,
        heaters=heaters,
        asked_mw_out=asked_mw,
        delivered_mw_out=delivered_mw,
        chp_mw_out=chp_mw,
        boilers_mw_out=boilers_mw,
        fed_share_out=fed_share,
        heaters_mw_out=heaters_mw,
    )
    for city in range(N):
        mine = network.gen_city == city
        whole = network.gen_mw[mine].sum()
        left = float((network.gen_mw * share[network.gen] / network.gen_left)[mine].sum() / whole) if whole > 0 else 0.0
        here = network.customer_city == city
        of_plants = network.customer[here & (network.customer_group == DISTRICT)]
        of_homes = network.customer[here & (network.customer_group == HOMES)]
        expected = district_reference(
            CityHour(
                outdoor_c=outdoor_c[city],
                design_c=network.design_c[city],
                peak_mw=network.peak_mw[city],
                chp_mw=network.chp_mw[city],
                surplus=network.surplus[city],
                boilers_mw=network.boilers_mw[city],
                machines_share=left,
                alive=bool(alive[city]),
                plants_asked_mw=353.0 * asked[of_plants].sum(),
                plants_got_mw=353.0 * got[of_plants].sum(),
                lost_in_pipes=network.frozen_share[city] if thaw_h[city] > 0 else 0.0,
            )
        )
        assert (asked_mw[city, DISTRICT], delivered_mw[city, DISTRICT]) == pytest.approx(expected, rel=1e-12, abs=1e-9)
        assert asked_mw[city, HOMES] == pytest.approx(353.0 * asked[of_homes].sum())
        assert delivered_mw[city, HOMES] == pytest.approx(353.0 * got[of_homes].sum())
    assert most == pytest.approx((asked_mw - delivered_mw).max())
    np.testing.assert_allclose(heaters_mw, (network.people * heaters).sum(axis=1) * network.heater_kw / 1e3, rtol=1e-12)
    frozen = np.where(thaw_h > 0, 1.0 - network.frozen_share, 1.0)
    np.testing.assert_allclose(fed_share * asked_mw[:, DISTRICT] * frozen, delivered_mw[:, DISTRICT], atol=1e-9)
