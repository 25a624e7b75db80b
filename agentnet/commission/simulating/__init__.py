"""What a plan would have cost: collections from a file, worked by the engine, without any database."""
