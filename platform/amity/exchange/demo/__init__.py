"""The demo organisation: believable, linked records over all shipped entities, dated relative to today."""
