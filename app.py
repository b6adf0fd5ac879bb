"""WSGI entry: `granian --interface wsgi app:app`, or `flask run`. `amity serve` needs no such file."""

from amity.app import create_app
from amity.cli.opening import open_workspace
from amity.settings import load

settings = load()
open_workspace(settings).close()
app = create_app(settings)
