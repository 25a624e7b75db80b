"""The office's own pages: people and their roles, the organisation, divisions, imports and the audit trail.

It stands on the layer of the home pages because it looks at every feature; what it does, it does through their
actions.
"""
