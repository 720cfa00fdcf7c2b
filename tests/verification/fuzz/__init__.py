"""Fuzzing of everything that users write: see README.md of the folder above."""
