"""The command line: ``python -m explorer train | resume | list | show | verify | sample | ...``.

Exit codes: 0 done, 1 training failed, 2 bad input, 3 resource, 4 damaged store, 130 interrupted.
"""

from explorer.cli import main

if __name__ == "__main__":
    raise SystemExit(main())
