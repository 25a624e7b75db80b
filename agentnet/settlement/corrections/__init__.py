"""What is put right after a collection's day: refunds, wrong households, adjustments; by two people, as new entries.

Void and reversal of the day itself lie in ``collecting.actions``.
"""
