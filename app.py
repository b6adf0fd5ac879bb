"""WSGI entry: `granian --interface wsgi app:app`, or `flask run`. `amity serve` needs no such file."""

from amity.app import create_app

app = create_app()
