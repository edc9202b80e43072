"""Every error that Dailies raises on purpose.

DailiesError
├── ConfigError            what the operator set cannot work
│   └── PortTaken          another program listens where the web server should
├── StaleJob               a job is no longer in the state that a transition started from
├── Refused                a person asked for something that cannot be done; nothing was changed
│   ├── StorageUnavailable  the database does not answer now; it may have written all the same
│   └── …                  one class for each reason, with its data; texts are in bot/messages
├── ProviderError          Runway did not do what was asked
│   ├── NotCreated         no task was made; sending again is safe
│   ├── Rejected           no task was made, and sending the same again would not help
│   ├── OutcomeUnknown     a task may or may not have been made
│   ├── TaskGone           the task cannot be fetched (deleted, or never existed)
│   └── ProviderUnavailable  a read failed, after its retries
├── OutputExpired          an output's address is no longer good: ask for the task again
├── OutputUnavailable      an output could not be had now
├── OutputUnusable         an output is not what it should be
├── ArchiveFailed          the archive did not do what was asked; another try may help
└── ChatError              a chat platform did not do what was asked
"""

from bot.errors.outside import (
    ArchiveFailed,
    ChatError,
    NotCreated,
    OutcomeUnknown,
    OutputExpired,
    OutputUnavailable,
    OutputUnusable,
    ProviderError,
    ProviderUnavailable,
    Rejected,
    TaskGone,
)
from bot.errors.quotas import (
    AdminsNotReached,
    AdminsOnly,
    BadAmount,
    BadDays,
    Blocked,
    DraftOver,
    NoRule,
    NotAMember,
    NotBlockable,
    NotEnoughCredits,
    NothingGranted,
    OwnerStopped,
    Paused,
    Stopping,
    TooFast,
    TooLongReason,
    TooManyJobs,
    TooManyQuestions,
    TooMuchToRevoke,
    UnknownChannel,
    UnknownMember,
    UnknownZone,
    WordNotAllowed,
    ZeroAmount,
)
from bot.errors.requests import (
    ActionNotOffered,
    AlreadyOver,
    BadChoice,
    BadLink,
    FileGone,
    MissingArgument,
    MissingInput,
    MissingPrompt,
    MissingValue,
    NeedsFile,
    NoLastResult,
    NoResult,
    NoSuchJob,
    NothingOffered,
    NotWorthRetrying,
    NotYours,
    OptionNotTaken,
    PromptNotTaken,
    PromptTooLong,
    RepeatedOption,
    TooManyInputs,
    UnexpectedText,
    UnfitInput,
    UnknownAction,
    UnknownCommand,
    UnknownOption,
    UnusableFile,
)
from bot.errors.root import (
    ConfigError,
    DailiesError,
    PortTaken,
    Refused,
    StaleJob,
    StorageUnavailable,
)

__all__ = [
    "ActionNotOffered",
    "AdminsNotReached",
    "AdminsOnly",
    "AlreadyOver",
    "ArchiveFailed",
    "BadAmount",
    "BadChoice",
    "BadDays",
    "BadLink",
    "Blocked",
    "ChatError",
    "ConfigError",
    "DailiesError",
    "DraftOver",
    "FileGone",
    "MissingArgument",
    "MissingInput",
    "MissingPrompt",
    "MissingValue",
    "NeedsFile",
    "NoLastResult",
    "NoResult",
    "NoRule",
    "NoSuchJob",
    "NotAMember",
    "NotBlockable",
    "NotCreated",
    "NotEnoughCredits",
    "NotWorthRetrying",
    "NotYours",
    "NothingGranted",
    "NothingOffered",
    "OptionNotTaken",
    "OutcomeUnknown",
    "OutputExpired",
    "OutputUnavailable",
    "OutputUnusable",
    "OwnerStopped",
    "Paused",
    "PortTaken",
    "PromptNotTaken",
    "PromptTooLong",
    "ProviderError",
    "ProviderUnavailable",
    "Refused",
    "Rejected",
    "RepeatedOption",
    "StaleJob",
    "Stopping",
    "StorageUnavailable",
    "TaskGone",
    "TooFast",
    "TooLongReason",
    "TooManyInputs",
    "TooManyJobs",
    "TooManyQuestions",
    "TooMuchToRevoke",
    "UnexpectedText",
    "UnfitInput",
    "UnknownAction",
    "UnknownChannel",
    "UnknownCommand",
    "UnknownMember",
    "UnknownOption",
    "UnknownZone",
    "UnusableFile",
    "WordNotAllowed",
    "ZeroAmount",
]
