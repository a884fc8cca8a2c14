"""Music in memory and on disk."""
