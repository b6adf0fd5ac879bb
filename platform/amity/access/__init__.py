"""Who may do what: accounts, sessions, tokens, roles and policies."""
