"""National load of generated years, losses included, and the days and months in it."""

from __future__ import annotations

import importlib.util
from types import ModuleType
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from gridsim.io.bundled import network_folder
from gridsim.model.system import GridSystem
from gridsim.weather.year import weather_model

F8 = NDArray[np.float64]


class NationalLoad(NamedTuple):
    """load_mw (n_years, 8760), zone_mw (n_years, n_zones, 8760), normal_mw (n_zones, 8760).

    month, weekday, hour (8760,): months are 1 to 12, weekday 0 is Monday.
    """

    zone_mw: F8
    normal_mw: F8
    month: NDArray[np.int64]
    weekday: NDArray[np.int64]
    hour: NDArray[np.int64]

    @property
    def load_mw(self) -> F8:
        return self.zone_mw.sum(axis=1)

    def normal_day(self, month: int, weekday: int) -> F8:
        """(24,) national load of a normal day."""
        return self.normal_mw.sum(axis=0)[(self.month == month) & (self.weekday == weekday)][:24]


def national_load(system: GridSystem, years: int, seed: int = 1) -> NationalLoad:
    """Generated years 0 to ``years`` - 1 of ``seed``."""
    model = weather_model(system)
    first = int(np.argmax(model.month == 0))  # 1 January, a Monday
    temperature = (model.temperature(model.field.year(seed, year)) for year in range(years))
    loads = [model.load_mw(t, model.load_noise(seed, year)) for year, t in enumerate(temperature)]
    with_losses = 1.0 + system.loss_share
    return NationalLoad(
        np.array(loads) * with_losses,
        model.normal_load_mw * with_losses,
        np.repeat(model.month + 1, 24).astype(np.int64),
        np.repeat((np.arange(365) - first) % 7, 24).astype(np.int64),
        np.tile(np.arange(24), 365),
    )


def fit_script() -> ModuleType:
    """The script of the bundled network that fits its load."""
    path = network_folder("kazakhstan") / "calibration" / "fit_load.py"
    spec = importlib.util.spec_from_file_location("fit_load", path)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module
