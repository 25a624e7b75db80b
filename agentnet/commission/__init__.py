"""Commission: plans with dated versions, accrual of a month, and the figures of the statement."""
