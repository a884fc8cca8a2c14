"""Names to files: the bundles that come with the package, and those of the user."""

from difflib import get_close_matches
from pathlib import Path

from solferino.errors import BundleError

SHIPPED_FOLDER = Path(__file__).parent / "shipped"
SUFFIX = ".solferino"


def bundle_names() -> tuple[str, ...]:
    """Return the names of the bundles that come with the package, in alphabetical order."""
    return tuple(sorted(path.stem for path in SHIPPED_FOLDER.glob(f"*{SUFFIX}")))


def find_bundle(name_or_path: str | Path) -> Path:
    """Find the file of a bundle.

    Parameters
    ----------
    name_or_path : str or Path
        One of `bundle_names`, or the path of a bundle file. A name wins over a file of the
        same name without suffix in the current folder.

    Returns
    -------
    Path
        An existing file.

    Raises
    ------
    BundleError
        If there is neither such a name nor such a file; the nearest name is told.
    """
    text = str(name_or_path)
    if text in bundle_names():
        return SHIPPED_FOLDER / f"{text}{SUFFIX}"
    path = Path(name_or_path)
    if path.is_file():
        return path
    if path.suffix == SUFFIX or path.name != text:
        raise BundleError(f"there is no bundle file {text}: check the path")
    raise BundleError(f"no bundle is named {text!r}: {_nearest(text)}")


def _nearest(name: str) -> str:
    names = bundle_names()
    near = get_close_matches(name, names, n=1, cutoff=0.5)
    if near:
        return f"did you mean {near[0]!r}? (solferino bundles lists them)"
    if names:
        return f"there are {', '.join(names)}; or give the path of a {SUFFIX} file"
    return f"no bundles are installed; give the path of a {SUFFIX} file"
