"""Patterns in an outlet's month that are worth a look, with the collections as evidence and what each costs."""
