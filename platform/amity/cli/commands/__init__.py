"""One file is one command; see `amity.cli.frame`."""
