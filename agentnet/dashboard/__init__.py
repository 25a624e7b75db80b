"""Home pages that say what to do now, search from anywhere, the outlet's whole story, and the places of each role."""
