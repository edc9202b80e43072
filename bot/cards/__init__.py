"""The cards of jobs: posted once, kept true, and what can be done with a result."""
