"""Contingencies: the primitives that events are made of."""
