"""What becomes of the cash: each outlet's day is counted and closed, remitted to the bank, and confirmed."""
