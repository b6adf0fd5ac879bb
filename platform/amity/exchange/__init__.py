"""Records and definitions in and out: import, export, demo data."""
