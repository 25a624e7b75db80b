"""Statements by mail: who has an address, what is to go where, and what became of it."""
