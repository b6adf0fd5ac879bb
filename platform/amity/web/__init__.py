"""Pages and the REST interface: the only layer that knows of Flask."""
