"""The books: trial balance, accounts, journal export."""
