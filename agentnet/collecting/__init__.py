"""Households, bills, collections, receipts and voids: a customer pays at any outlet with a household number alone."""
