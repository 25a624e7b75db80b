"""The working calendar: which days are working days, with overrides an office can edit."""
