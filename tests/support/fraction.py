"""The fraction of the verification tests to run, from ``GRIDSIM_VERIFICATION_FRACTION`` (1 unless set)."""

from __future__ import annotations

import os

FRACTION = float(os.environ.get("GRIDSIM_VERIFICATION_FRACTION", "1"))
