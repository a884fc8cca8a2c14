"""``solferino bundle``."""


def bundle() -> None:
    """Not written yet."""
