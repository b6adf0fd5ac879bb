"""One module per revision. A revision never imports `amity.database.schema`: it must not change with it."""
