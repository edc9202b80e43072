"""What makes the simulator quick in tests."""

# Pixels drawn for a clip: it jerks, and is made in less than half the time.
ROUGH = 8_000_000
