"""Compiled numerics: plain arrays in, plain arrays out; numpy and numba only."""
