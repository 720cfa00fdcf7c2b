"""The discrete-event run of one scenario on one system; the only layer that imports simpy."""
