"""What `dailies check` tries: each thing for real, and what to do where it does not work."""
