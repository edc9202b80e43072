"""`dailies`, and `python -m bot`: Ctrl+C ends it quietly, also while it is still being loaded."""

import sys


def main() -> None:
    """Run what was typed."""
    try:
        from bot.cli import main as run

        run()
    except KeyboardInterrupt:
        sys.exit(130)


if __name__ == "__main__":
    main()
