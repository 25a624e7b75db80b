"""The demo: two invented networks of real villages, thirteen months of them, made through the product's own actions.

Everything here is drawn from seeded chance, so the same day gives the same network. All people, phones, households and
companies are invented. The generators are pure; ``loading`` loads what they invent and ``history`` lives through it.
"""
