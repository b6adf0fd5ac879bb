"""Amity: an extensible low-code platform for every relationship an organisation has."""

__version__ = "0.1.0"
