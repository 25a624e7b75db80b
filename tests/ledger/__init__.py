"""The book: transfers, guarded balances, months."""
