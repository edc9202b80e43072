"""From what a person typed and attached to a valid, priced request."""
