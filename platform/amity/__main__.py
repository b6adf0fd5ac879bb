"""`python -m amity` is `amity`."""

from __future__ import annotations

from amity.cli import main

if __name__ == "__main__":
    main()
