"""Durable runs: what takes, walks through, remembers, wakes and ends them; DBOS stays behind `interface`."""
