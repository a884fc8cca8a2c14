"""From the name of a bundle to a generator that plays."""

from pathlib import Path

from solferino.bundles.bundle import STEP_GRAPH, Bundle, open_bundle
from solferino.bundles.session import StepSession
from solferino.errors import BundleError, RecipeError
from solferino.generation.continuation import EventGenerator
from solferino.representations.registry import build_representation
from solferino.representations.representation import Representation


def open_generator(name_or_path: str | Path | Bundle) -> EventGenerator:
    """Open a bundle as a generator.

    Parameters
    ----------
    name_or_path : str, Path or Bundle
        The name of a bundle that comes with the package (see `bundle_names`), the path of a
        bundle file, or an opened bundle.

    Returns
    -------
    EventGenerator

    Raises
    ------
    BundleError
        If the bundle is missing, damaged, of a newer version, or of a kind that this version
        does not know.
    """
    bundle = name_or_path if isinstance(name_or_path, Bundle) else open_bundle(name_or_path)
    representation = representation_of(bundle)
    session = StepSession(bundle.part(STEP_GRAPH), bundle.stored_weights())
    found = (session.input_size, session.num_classes)
    expected = (representation.input_size, representation.num_classes)
    if found != expected:
        raise BundleError(
            f"{bundle.path} has a model of {found[0]} inputs and {found[1]} classes but a "
            f"representation of {expected[0]} and {expected[1]}: export it again"
        )
    return EventGenerator(bundle.card, representation, session, bundle.sha256)


def representation_of(bundle: Bundle) -> Representation:
    """Build the representation of a bundle.

    Raises
    ------
    BundleError
        If this version does not know it.
    """
    try:
        return build_representation(
            bundle.card.representation["name"], bundle.card.representation.get("options", {})
        )
    except (KeyError, TypeError, ValueError, RecipeError) as error:
        raise BundleError(
            f"{bundle.path} has a representation that cannot be built ({error}): "
            "upgrade with pip install --upgrade solferino"
        ) from error
