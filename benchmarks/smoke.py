"""Every benchmark once, in its smallest size and in one process: `python benchmarks/smoke.py [PATTERN]`.

asv finds the benchmarks, makes their parameters and calls their setup; it would start a process for each of them, and
imports would take most of its time. What fails is told with its traceback, all of it, and the exit code is 1.
"""

from __future__ import annotations

import math
import os
import re
import sys
import time
import traceback
from pathlib import Path

ROOT = Path(__file__).resolve().parent


def main(pattern: str = "") -> int:
    """Run the benchmarks whose name ``pattern`` is found in; returns how many failed."""
    os.environ["GRIDSIM_BENCHMARK_SMOKE"] = "1"  # before benchmarks.common is imported
    sys.path.insert(0, str(ROOT.parent))
    from asv_runner.discovery import disc_benchmarks

    found = [one for one in disc_benchmarks(str(ROOT)) if one is not None and re.search(pattern, one.name)]
    if not found:
        print(f"no benchmark has {pattern!r} in its name", file=sys.stderr)
        return 1
    failures = 0
    caches: dict[str, object] = {}  # of classes that make one thing for all their benchmarks
    for benchmark in found:
        began = time.process_time()
        for index in range(math.prod(len(values) for values in benchmark.params)):
            benchmark.set_param_idx(index)
            try:
                if key := benchmark.setup_cache_key:
                    if key not in caches:
                        caches[key] = benchmark.do_setup_cache()
                    benchmark.insert_param(caches[key])
                # asv's word for "not applicable" is a true answer of do_setup
                if not benchmark.do_setup():
                    benchmark.func(*benchmark._current_params)
                    benchmark.do_teardown()
            except Exception:
                failures += 1
                print(f"FAILED {benchmark.name} {benchmark._current_params}", file=sys.stderr)
                traceback.print_exc()
        print(f"{time.process_time() - began:6.2f} s CPU  {benchmark.name}", flush=True)
    print(f"{len(found)} benchmarks, {failures} failed")
    return failures


if __name__ == "__main__":
    sys.exit(1 if main(*sys.argv[1:2]) else 0)
