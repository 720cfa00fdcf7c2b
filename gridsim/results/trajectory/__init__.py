"""Metrics of one trajectory, a file for each subject, found by its name.

A file assigns a ``Subject`` to ``SUBJECT``; a metric is a row of ``metrics.csv`` and a line of one of these files.
"""
