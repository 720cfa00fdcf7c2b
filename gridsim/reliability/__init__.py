"""Monte Carlo adequacy: assess(system, method, *specs)."""
