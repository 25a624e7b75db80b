"""The register: partners, outlets and their agreements, managers, assignments, dockings and campaigns."""
