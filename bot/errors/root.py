"""The root of the tree, and what has no branch of its own."""


class DailiesError(Exception):
    """The root of the tree."""


class ConfigError(DailiesError):
    """What the operator set cannot work; the text says what to change."""


class StaleJob(DailiesError):
    """A job has moved on since it was read; whoever asked must read it again."""


class Refused(DailiesError):
    """A person asked for something that cannot be done; nothing was changed."""


class StorageUnavailable(Refused):
    """The database does not answer now; nothing was written. `str()` is for the log."""
