"""The register from files: partners, outlets, managers and assignments, by the rules its pages obey."""

from agentnet.outlets.imports.assignments import IMPORTER as ASSIGNMENTS
from agentnet.outlets.imports.managers import IMPORTER as MANAGERS
from agentnet.outlets.imports.outlets import IMPORTER as OUTLETS
from agentnet.outlets.imports.partners import IMPORTER as PARTNERS

IMPORTERS = (PARTNERS, OUTLETS, MANAGERS, ASSIGNMENTS)

__all__ = ["IMPORTERS"]
