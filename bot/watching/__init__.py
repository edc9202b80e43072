"""For whoever watches us: logs, metrics, health, traces."""
