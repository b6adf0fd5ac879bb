"""What leaves the house: e-mails and calls, with their guards, consent and secrets."""
