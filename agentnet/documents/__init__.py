"""Documents on schedule: what is to be printed, when, from which frozen figures, and the file that came of it."""
