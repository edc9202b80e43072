"""The root of the tree, and what has no branch of its own."""


class DailiesError(Exception):
    """The root of the tree."""


class ConfigError(DailiesError):
    """What the operator set cannot work; the text says what to change."""


class PortTaken(ConfigError):
    """Another program listens where the web server should."""

    def __init__(self, port: int) -> None:
        super().__init__(
            f"Port {port} is taken by another program. Set another one: "
            "DAILIES_WEB__PORT=8081, or 0 for any that is free."
        )
        self.port = port


class StaleJob(DailiesError):
    """A job has moved on since it was read; whoever asked must read it again."""


class Refused(DailiesError):
    """A person asked for something that cannot be done; nothing was changed."""


class StorageUnavailable(Refused):
    """The database does not answer now; `str()` is for the log.

    The answer to a write may be lost when the write is not, so that nobody can say whether it was
    done; unless what a person asked for had not `begun` to be written.
    """

    begun = True
