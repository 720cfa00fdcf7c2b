"""What the tests share: systems, states, readers of result tables, the fraction of the verification tests."""
