"""Weekly duty: every assigned outlet is visited once an ISO week, with evidence, a checklist and the needs found."""
