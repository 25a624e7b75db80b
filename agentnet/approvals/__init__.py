"""Four eyes: one person asks, another decides, and what was approved is carried out in the same transaction."""
