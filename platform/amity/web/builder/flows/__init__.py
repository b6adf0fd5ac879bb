"""Workflows in the builder: their list, their editor."""
