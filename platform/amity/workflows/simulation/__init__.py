"""Dry run and back-test: what a workflow would do, and would have done; nothing is written or sent."""
