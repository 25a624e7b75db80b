"""What becomes of the cash: each outlet's day is counted and closed, remitted to the bank, and confirmed.

``files`` reads what partners and banks send, whole or not at all; ``matching`` pairs it with our own collections.
"""
