"""Administrative divisions (province to village, 12-digit codes) and the company's own organisation tree."""
