"""The store of definition documents of every kind: versions, revision, plan, apply, where-used, rename."""
