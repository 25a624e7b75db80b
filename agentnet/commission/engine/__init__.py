"""What any plan a utility has signed pays, and why: a plan language, its evaluation, its working. Pure, whole fen."""
