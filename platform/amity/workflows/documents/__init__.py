"""Workflow documents: from JSON to checked, compiled workflows; the handler that versions and plans them."""
