"""What `dailies quota …` takes."""

import argparse

from bot.commandline.quota_whom import WHO
from bot.commands.specification import SETTINGS

_MEMBER = "the id that the platform knows a member by"


def add_quota_arguments(parser: argparse.ArgumentParser) -> None:
    """`dailies quota <verb> …`."""
    parser.add_argument("--workspace", help="as in discord:4711; may be left out if there is one")
    verbs = parser.add_subparsers(dest="verb", required=True, metavar="verb")
    show = verbs.add_parser("show", help="every rule, or where somebody stands")
    show.add_argument("who", nargs="?", help=f"{WHO}; without one, every rule")
    show.add_argument("--role", action="append", default=[], help="a role that the member has")
    set_ = verbs.add_parser("set", help="set how many credits may be used per period")
    set_.add_argument("who", help=WHO)
    set_.add_argument("credits", help="a whole number, or unlimited")
    set_.add_argument("period", nargs="?", help="day, week or month (default: month)")
    block = verbs.add_parser("block", help="let somebody use no credits at all")
    block.add_argument("who", help=WHO)
    clear = verbs.add_parser("clear", help="take a rule away")
    clear.add_argument("who", help=WHO)
    grant = verbs.add_parser("grant", help="give a member credits once")
    grant.add_argument("member", help=_MEMBER)
    grant.add_argument("credits", help="a whole number")
    grant.add_argument(
        "days", nargs="?", help="how many days they are good for (default: for ever)"
    )
    revoke = verbs.add_parser("revoke", help="take granted credits back")
    revoke.add_argument("member", help=_MEMBER)
    revoke.add_argument("credits", nargs="?", help="a whole number (default: all that is left)")
    reset = verbs.add_parser("reset", help="let a member start anew in this period")
    reset.add_argument("member", help=_MEMBER)
    reset.add_argument("--role", action="append", default=[], help="a role that the member has")
    pardon = verbs.add_parser("pardon", help="end a member's pause")
    pardon.add_argument("member", help=_MEMBER)
    history = verbs.add_parser("history", help="who changed what, when and why")
    history.add_argument("who", nargs="?", help=WHO)
    report = verbs.add_parser("report", help="write what was used, as CSV to standard output")
    report.add_argument("period", nargs="?", help="day, week or month (default: month)")
    report.add_argument("--table", action="store_true", help="for people")
    set_up = verbs.add_parser("settings", help="see or change a workspace's settings")
    set_up.add_argument("setting", nargs="?", help=", ".join(SETTINGS))
    set_up.add_argument("value", nargs="?", help="`configured` goes back to the configuration")
    zone = verbs.add_parser("zone", help="set the workspace's time zone")
    zone.add_argument("zone", help="as in Europe/Berlin")
    for changes in (set_, block, clear, grant, revoke, reset, pardon, set_up, zone):
        changes.add_argument("--why", help="the reason, for the history")
    verbs.add_parser("reconcile", help="compare our books with Runway's")
    verbs.add_parser("export", help="write every rule as CSV to standard output")
    import_ = verbs.add_parser("import", help="set rules from CSV, all or none")
    import_.add_argument("file", help="a file, or - for standard input")
    import_.add_argument("--why", help="the reason, for the history")
    for verb in verbs.choices.values():
        verb.add_argument("--json", action="store_true", help="for machines")
        if verb is not import_:
            # Here as well as before the verb; without a default it leaves that one alone.
            verb.add_argument("--workspace", default=argparse.SUPPRESS, help=argparse.SUPPRESS)
