"""Benchmarks of gridsim: an asv suite, the regression gate, comparisons with other tools, scaling."""
