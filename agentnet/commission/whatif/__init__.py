"""What a plan would have cost: tried on closed months, beside what was paid, outlet by outlet. Changes no books."""
