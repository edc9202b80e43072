"""Every text that a person reads, as spans that each platform formats in its own way."""
