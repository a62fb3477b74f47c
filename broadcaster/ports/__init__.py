"""What the core asks of the world, as small Protocols: `world` (clock, chance, egress, words), `channel`, `store`."""
