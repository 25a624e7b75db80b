"""The book: accounts, transfers, guarded balances, business days and months. Append-only; corrections are transfers."""
