"""The independent witness: proves balances, commission, visits, documents and the audit trail from the rows alone.

It imports no rules and no queries of the features. It reads SQL rows, does its own arithmetic and names every
difference. Agreement between two programs that share no code is worth something; a program that checks itself is not.
"""
