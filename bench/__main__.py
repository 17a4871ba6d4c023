"""`bench/run [NAME ...]`: every measurement but the long ones, or the named ones."""

from __future__ import annotations

import importlib
import sys

from bench.wrong import WentWrong

NAMES = ("pages", "mail", "documents", "growth", "matching")
# Only where they are named: they take minutes or hours of a whole machine.
LONG = ("load", "faults", "dataset")


def main() -> None:
    """Ends with 1 where anything went wrong; a target that was missed is no such thing."""
    wrong = False
    for name in sys.argv[1:] or NAMES:
        if name not in NAMES + LONG:
            sys.exit(f"There is no measurement {name!r}: choose from {', '.join(NAMES + LONG)}.")
        print(f"== {name}", flush=True)
        try:
            for line in importlib.import_module(f"bench.{name}").run():
                print(f"  {line}", flush=True)
        except WentWrong as error:
            wrong = True
            print(f"  WRONG: {error}", flush=True)
    if wrong:
        sys.exit(1)


if __name__ == "__main__":
    main()
