"""Runway: the client of its API, and a strict stand-in for it."""
