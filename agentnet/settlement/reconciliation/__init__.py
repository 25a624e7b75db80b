"""Reconciliation: files nobody here wrote the books for, held against the ledger row by row.

A file is taken in whole or refused by name. Its rows are matched in steps (reference, household and amount and day, by
hand), what does not agree becomes a difference with an owner, an age and an end.
"""
