"""The command line, one module for each group of commands.

A group has a function that adds its parsers; each parser names the coroutine that carries it out.
What that returns is printed; a `Said` has an exit code as well.
"""
