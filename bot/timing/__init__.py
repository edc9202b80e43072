"""When things are due: the next question, the likely end, the next attempt."""
