"""People, their roles and territories, sign-in and sessions, and who may do what."""
