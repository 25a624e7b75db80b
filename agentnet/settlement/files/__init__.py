"""Readers of the files that others send for reconciliation: pure, whole or refused, never half."""
