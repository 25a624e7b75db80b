"""The outside machines the tests need: a PostgreSQL server and a Chromium, found or made without a system install."""
