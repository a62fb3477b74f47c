"""Long runs over the kit, each a script: `python -m tests.faults.loops.NAME`."""
