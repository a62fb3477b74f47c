"""What Broadcaster costs, each figure beside a peer measured in the same run. Never part of the tests."""
