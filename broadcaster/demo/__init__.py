"""Loopback providers and the demonstration: clearly not the real thing, honest to its wire behaviour."""
