"""Playing live: ports, clocks, and music that is made while it sounds."""
