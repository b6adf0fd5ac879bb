"""Workflows: rules that run inside a save, and durable workflows that run after it.

`model` is a document as it was read, `compiled` the same checked against the entities; `rules` and
`requesting` listen in the gate; `engine`, `dispatcher` and `interpreter` run what was requested. Actions and
triggers are one file each. `service.Workflows` is the door for pages, REST and command line.
"""
