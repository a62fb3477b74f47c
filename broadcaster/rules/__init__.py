"""Pure decisions: `now` and configuration come in, a value goes out."""
