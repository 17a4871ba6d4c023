"""`bench/run [NAME ...]`: every measurement but the long ones, or the named ones."""

from __future__ import annotations

import importlib
import sys

NAMES = ("pages", "mail", "documents", "growth", "matching")
# Only where they are named: they take minutes or hours of a whole machine.
LONG = ("load", "faults", "dataset")


def main() -> None:
    for name in sys.argv[1:] or NAMES:
        if name not in NAMES + LONG:
            sys.exit(f"There is no measurement {name!r}: choose from {', '.join(NAMES + LONG)}.")
        print(f"== {name}", flush=True)
        for line in importlib.import_module(f"bench.{name}").run():
            print(f"  {line}", flush=True)


if __name__ == "__main__":
    main()
