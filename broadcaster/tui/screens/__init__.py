"""One file for each screen; each owns one flow."""
