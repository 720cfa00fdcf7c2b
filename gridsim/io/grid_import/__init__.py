"""Grids of other programs: pandapower nets and MATPOWER cases -> rows of a network folder, with an account."""
