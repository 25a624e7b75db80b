"""Whole journeys through the product in a real browser, on both databases."""
