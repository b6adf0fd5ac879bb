"""For tests of extensions: a pytest plugin, a visitor of the app, and factories.

pytest_plugins = ["amity.testing.plugin"]
"""
