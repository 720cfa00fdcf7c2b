"""Numbers gridsim reports: estimates, metrics and the records they are made from."""
