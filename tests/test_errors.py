"""The tree of exceptions is drawn where they stand, and it is true."""

import inspect
import re

from solferino import errors


def test_the_tree_that_is_drawn_is_the_tree_of_the_classes():
    drawn = re.findall(r"[├└]── (\w+) {2,}(.+)", errors.__doc__)
    classes = [c for _, c in inspect.getmembers(errors, inspect.isclass) if c.__doc__]
    leaves = {c.__name__: c for c in classes if c is not errors.SolferinoError}
    assert {name for name, _ in drawn} == set(leaves)
    for name, meaning in drawn:
        assert leaves[name].__bases__ == (errors.SolferinoError,)
        assert leaves[name].__doc__.lower() == f"{meaning}.".lower()
