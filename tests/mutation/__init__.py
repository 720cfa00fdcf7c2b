"""Mutation check: seeded changes of single lines, each of which a fast test should turn red.

    python -m tests.mutation                       60 changes, seed 1, two workers: the table on stdout
    python -m tests.mutation --list                the changes alone
    python -m tests.mutation --only 3,17 --out t.md

pytest does not run it.
"""
