"""Every exception that Solferino raises on purpose.

The tree::

    SolferinoError
    ├── MusicFileError             a music file cannot be read or written
    ├── QuantizationError          notes cannot be put on the grid that was asked for
    ├── BundleError                a bundle is missing, damaged or of another version
    ├── ConstraintError            no output can satisfy the constraints
    ├── ConditionError             a model is asked for what it has no ear for
    ├── GenerationError            a generator cannot do what was asked
    ├── DatasetError               a corpus or an example file cannot be used
    ├── RecipeError                a recipe or an hparam is unknown or out of range
    ├── TrainingError              a run cannot start, resume or be exported
    ├── PortError                  a MIDI port cannot be opened, or is gone
    ├── LiveError                  a live session cannot do what was asked
    ├── SynthesisError             notes cannot be turned into sound
    └── MissingExtraError          an optional package is not installed

Each message names the thing, the rule and the way out, in one line, because the
command line prints it as it is.
"""

from typing import final


class SolferinoError(Exception):
    """The root of the tree: catch it to catch all of them."""


@final
class MusicFileError(SolferinoError):
    """A music file cannot be read or written."""


@final
class QuantizationError(SolferinoError):
    """Notes cannot be put on the grid that was asked for."""


@final
class BundleError(SolferinoError):
    """A bundle is missing, damaged or of another version."""


@final
class ConstraintError(SolferinoError):
    """No output can satisfy the constraints."""


@final
class ConditionError(SolferinoError):
    """A model is asked for what it has no ear for."""


@final
class GenerationError(SolferinoError):
    """A generator cannot do what was asked."""


@final
class DatasetError(SolferinoError):
    """A corpus or an example file cannot be used."""


@final
class RecipeError(SolferinoError):
    """A recipe or an hparam is unknown or out of range."""


@final
class TrainingError(SolferinoError):
    """A run cannot start, resume or be exported."""


@final
class PortError(SolferinoError):
    """A MIDI port cannot be opened, or is gone."""


@final
class LiveError(SolferinoError):
    """A live session cannot do what was asked."""


@final
class SynthesisError(SolferinoError):
    """Notes cannot be turned into sound."""


@final
class MissingExtraError(SolferinoError):
    """An optional package is not installed."""
