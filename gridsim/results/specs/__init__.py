"""Records of an assessment: values handed to ``gridsim.assess``, each adding one kind of result."""

from gridsim.results.specs.flows import Flows
from gridsim.results.specs.shortfall import Shortfall
from gridsim.results.specs.shortfall_by_hour import ShortfallByHour
from gridsim.results.specs.shortfall_by_month import ShortfallByMonth
from gridsim.results.specs.shortfall_events import ShortfallEvents
from gridsim.results.specs.shortfall_profile import LossOfLoadProfile
from gridsim.results.specs.spec import Spec
from gridsim.results.specs.state_of_charge import StateOfCharge
from gridsim.results.specs.surplus import Surplus

__all__ = [
    "Flows",
    "LossOfLoadProfile",
    "Shortfall",
    "ShortfallByHour",
    "ShortfallByMonth",
    "ShortfallEvents",
    "Spec",
    "StateOfCharge",
    "Surplus",
]
