"""The entity document: meta-schema, loader, kinds of fields, tables, and its part of a plan."""
