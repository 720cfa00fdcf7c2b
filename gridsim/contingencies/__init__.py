"""What can go wrong: the primitives that events are made of."""
