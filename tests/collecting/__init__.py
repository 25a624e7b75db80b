"""Collections: what is taken, what it pays, who may."""
