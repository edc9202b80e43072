"""Files from outside: looked into and converted in limited child processes, downloaded, kept."""
