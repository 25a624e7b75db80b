"""How an outlet may hold money: limits with a second person for a raise, float, guarantee deposit, warnings in time."""
