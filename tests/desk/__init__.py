"""The desk, its API and its client, over the real store and the real channels."""
