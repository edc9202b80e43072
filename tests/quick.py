"""What makes the simulator quick in tests."""

# Pixels drawn for a clip and for a picture: one jerks and the other is coarse, and they are made in
# less than half of the time.
ROUGH = {"clip_pixels": 8_000_000, "picture_pixels": 60_000}
