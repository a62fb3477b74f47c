"""Keeps the service's processes alive, each for itself."""

from broadcaster.supervisor.supervisor import Child, Pace, Supervisor, run

__all__ = ["Child", "Pace", "Supervisor", "run"]
