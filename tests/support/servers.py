"""Fixtures with a real `amity serve` process."""
