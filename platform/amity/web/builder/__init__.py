"""The builder: where admins shape entities. Each page is a module with a `blueprint` of its own."""
