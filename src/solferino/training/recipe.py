"""Recipes: one TOML file says all that makes a model: representation, rules, sizes, training."""

import re
import tomllib
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field, replace
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any, Self, final

from solferino.errors import RecipeError
from solferino.representations.options import check_names


@final
@dataclass(frozen=True)
class TrainingSettings:
    """How a model is trained.

    Parameters
    ----------
    batch_size : int > 0
        Sequences in a training step, over all processes.
    learning_rate : float > 0
        Step size of Adam.
    clip_norm : float > 0
        Largest norm of the gradient of all weights together; a longer one is scaled.
    dropout_keep_prob : float in (0, 1]
        Chance of each layer's output to be kept in training.
    learning_rate_decay : float in (0, 1]
        The learning rate is multiplied by it every `decay_steps`, a little at each step.
    decay_steps : int > 0
        See `learning_rate_decay`.
    min_learning_rate : float >= 0
        The decay stops here.
    warmup_steps : int >= 0
        The learning rate rises from nothing over so many steps at the start.
    """

    batch_size: int = 64
    learning_rate: float = 1e-3
    clip_norm: float = 3.0
    dropout_keep_prob: float = 1.0
    learning_rate_decay: float = 1.0
    decay_steps: int = 1000
    min_learning_rate: float = 0.0
    warmup_steps: int = 0

    def learning_rate_at(self, step: int) -> float:
        """Return the learning rate of a training step, counted from 0."""
        decayed: float = self.learning_rate * self.learning_rate_decay ** (step / self.decay_steps)
        warmth = min(1.0, (step + 1) / (self.warmup_steps + 1))
        return warmth * max(decayed, min(self.min_learning_rate, self.learning_rate))


@final
@dataclass(frozen=True)
class Recipe:
    """Everything that makes one bundle, but the music.

    Parameters
    ----------
    name : str
        Name of the recipe and of its bundle.
    makes : str
        What comes out: ``"melodies"``.
    description : str
        One sentence for people.
    representation : mapping
        ``name`` and ``options``, as the registry of representations takes them.
    rules : mapping
        Rules of extraction; their names are the representation's.
    model : mapping
        ``name`` and ``config``, as the registry of models takes them, without the sizes that
        follow from the representation.
    augmentation : mapping
        How training examples vary each time they are seen; the names are the
        representation's.
    training : TrainingSettings
    """

    name: str
    makes: str
    description: str
    representation: Mapping[str, Any]
    model: Mapping[str, Any]
    rules: Mapping[str, Any] = field(default_factory=dict)
    augmentation: Mapping[str, Any] = field(default_factory=dict)
    training: TrainingSettings = field(default_factory=TrainingSettings)

    def with_hparams(self, hparams: str) -> Self:
        """Return the recipe with some sizes changed.

        Parameters
        ----------
        hparams : str
            As Magenta writes them: ``"batch_size=64,rnn_layer_sizes=[64,64]"``.

        Returns
        -------
        Recipe

        Raises
        ------
        RecipeError
            If a name is unknown (the nearest known one is named) or a value is not valid.
        """
        training, config = asdict(self.training), dict(self.model["config"])
        for name, text in split_hparams(hparams):
            check_names("hparam", [name], _HPARAMS)
            value = _valid(name, _parsed(name, text))
            (training if name in training else config)[name] = value
        return replace(
            self,
            model={**self.model, "config": config},
            training=TrainingSettings(**training),
        )

    def to_json(self) -> dict[str, Any]:
        """Return the recipe as JSON values; `recipe_from` reads them."""
        return asdict(self)


def split_hparams(text: str) -> list[tuple[str, str]]:
    """Split ``"a=1,b=[2,3]"`` into pairs of texts.

    Raises
    ------
    RecipeError
        If a part is not of the form ``name=value``.
    """
    parts = [part.strip() for part in re.split(r",(?![^\[]*\])", text) if part.strip()]
    for part in parts:
        if not re.fullmatch(r"\w+\s*=.+", part):
            raise RecipeError(f"{part!r} is not of the form name=value; write it so")
    return [(name.strip(), value.strip()) for name, value in (p.split("=", 1) for p in parts)]


def _parsed(name: str, text: str) -> Any:
    """Read one value: a number, a list of numbers, true or false."""
    text = {"True": "true", "False": "false"}.get(text, text)
    text = f"0{text}" if text.startswith(".") else text
    try:
        return tomllib.loads(f"value = {text}")["value"]
    except tomllib.TOMLDecodeError as error:
        raise RecipeError(
            f"hparam {name}={text} has no value that can be read; write a number, true, false "
            "or a list such as [128,128]"
        ) from error


def _is_whole(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


_Rule = tuple[str, Callable[[Any], bool]]
_POSITIVE_WHOLE: _Rule = ("a whole number above 0", lambda v: _is_whole(v) and v > 0)
_NOT_NEGATIVE_WHOLE: _Rule = (
    "a whole number of 0 or more",
    lambda v: _is_whole(v) and v >= 0,
)
_POSITIVE: _Rule = ("a number above 0", lambda v: _is_number(v) and v > 0)
_NOT_NEGATIVE: _Rule = ("a number of 0 or more", lambda v: _is_number(v) and v >= 0)
_SHARE: _Rule = ("a number above 0, up to 1", lambda v: _is_number(v) and 0 < v <= 1)
_SIZES: _Rule = (
    "a list of whole numbers above 0",
    lambda v: isinstance(v, list) and v != [] and all(_is_whole(n) and n > 0 for n in v),
)
_MODEL_HPARAMS: dict[str, _Rule] = {
    "rnn_layer_sizes": _SIZES,
    "attn_length": _NOT_NEGATIVE_WHOLE,
    "residual_connections": ("true or false", lambda v: isinstance(v, bool)),
    "nade_units": _POSITIVE_WHOLE,
}
_TRAINING_HPARAMS: dict[str, _Rule] = {
    "batch_size": _POSITIVE_WHOLE,
    "learning_rate": _POSITIVE,
    "clip_norm": _POSITIVE,
    "dropout_keep_prob": _SHARE,
    "learning_rate_decay": _SHARE,
    "decay_steps": _POSITIVE_WHOLE,
    "min_learning_rate": _NOT_NEGATIVE,
    "warmup_steps": _NOT_NEGATIVE_WHOLE,
}
_HPARAMS = {**_MODEL_HPARAMS, **_TRAINING_HPARAMS}


def _valid(name: str, value: Any) -> Any:
    rule, holds = _HPARAMS[name]
    if not holds(value):
        raise RecipeError(f"{name}={value!r} is not valid; it is {rule}")
    return value


def recipe_from(values: Mapping[str, Any], source: str = "recipe") -> Recipe:
    """Build a recipe from the values of a TOML or JSON file.

    Parameters
    ----------
    values : mapping
        Keys are the parameters of `Recipe`.
    source : str
        What the messages call it.

    Raises
    ------
    RecipeError
        If a key is missing, unknown or has a value that is not valid.
    """
    check_names(f"key of {source}", values, _KEYS)
    for key, kind in _KEYS.items():
        if key not in values and key not in _OPTIONAL_KEYS:
            raise RecipeError(f"{source} has no {key!r}; add it")
        if not isinstance(values.get(key, kind()), kind):
            raise RecipeError(f"{key!r} in {source} is not a {kind.__name__}; write one")
    for key, parts in (("representation", ("name", "options")), ("model", ("name", "config"))):
        check_names(f"key of {key} in {source}", values[key], parts)
        if not isinstance(values[key].get("name"), str):
            raise RecipeError(f"{key!r} in {source} has no name; add {key}.name")
    config = dict(values["model"].get("config", {}))
    training = dict(values.get("training", {}))
    check_names(f"model.config of {source}", config, _MODEL_HPARAMS)
    check_names(f"training of {source}", training, _TRAINING_HPARAMS)
    for name, value in [*config.items(), *training.items()]:
        _valid(name, value)
    representation = values["representation"]
    return Recipe(
        name=values["name"],
        makes=values["makes"],
        description=values["description"],
        representation={
            "name": representation["name"],
            "options": dict(representation.get("options", {})),
        },
        model={"name": values["model"]["name"], "config": config},
        rules=dict(values.get("rules", {})),
        augmentation=dict(values.get("augmentation", {})),
        training=TrainingSettings(**training),
    )


_KEYS: dict[str, type] = {
    "name": str,
    "makes": str,
    "description": str,
    "representation": dict,
    "model": dict,
    "rules": dict,
    "augmentation": dict,
    "training": dict,
}
_OPTIONAL_KEYS = ("rules", "augmentation", "training")


@cache
def recipe_names() -> tuple[str, ...]:
    """Names of the recipes that come with the package, in order."""
    folder = files("solferino") / "recipes"
    return tuple(sorted(f.name[:-5] for f in folder.iterdir() if f.name.endswith(".toml")))


def read_recipe(name_or_path: str | Path) -> Recipe:
    """Read a recipe.

    Parameters
    ----------
    name_or_path : str or Path
        Name of a recipe of the package, or path of a TOML file.

    Returns
    -------
    Recipe

    Raises
    ------
    RecipeError
        If there is none of that name, or the file is not a valid recipe.
    """
    name = str(name_or_path)
    if not name.endswith(".toml"):
        check_names("recipe", [name], recipe_names())
        text = (files("solferino") / "recipes" / f"{name}.toml").read_text("utf-8")
    else:
        try:
            text = Path(name).read_text("utf-8")
        except (OSError, UnicodeDecodeError) as error:
            raise RecipeError(f"recipe {name} cannot be read: {error}; check the path") from error
    try:
        return recipe_from(tomllib.loads(text), name)
    except tomllib.TOMLDecodeError as error:
        raise RecipeError(f"recipe {name} is not valid TOML: {error}; correct it there") from error
