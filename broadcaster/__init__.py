"""Broadcaster: one message, written once, reaches residents on every channel, and is never lost.

The rooms and who may know whom: docs/architecture.md. What a delivery promises: docs/delivery.md.
"""

__version__ = "0.1.0"
