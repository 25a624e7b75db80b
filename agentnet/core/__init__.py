"""Ideas a bank without computers would need: money, days, identities, refusals, masks. Pure; knows nothing above it."""
