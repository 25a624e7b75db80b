"""The month end: CLOSING, compute from a snapshot, prove and freeze, CLOSED."""
