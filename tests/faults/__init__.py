"""Faults of the catalogue, each by its number, and the kit that brings them about. README.md shows how to add one."""
