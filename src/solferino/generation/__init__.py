"""Models to new notes."""
