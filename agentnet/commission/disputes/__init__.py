"""Disputes: a keeper or partner questions a line of a closed month, finance answers, the next statement prints it."""
