"""Amity: an extensible low-code platform for every relationship an organisation has."""

from amity.hookspecs import hookimpl

__version__ = "0.1.0"
__all__ = ["__version__", "hookimpl"]
