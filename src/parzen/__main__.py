"""`python -m parzen`: the command line."""

from __future__ import annotations

from parzen.cli import main

if __name__ == "__main__":
    main()
