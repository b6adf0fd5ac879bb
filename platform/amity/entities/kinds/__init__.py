"""The kinds of fields, one file each; extensions add theirs through the hook `amity_kinds`."""
