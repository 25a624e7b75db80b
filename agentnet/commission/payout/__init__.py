"""Paying commission out: who is paid, a batch of a month step by step, the bank's files, what is held and why."""
