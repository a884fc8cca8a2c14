"""What a bundle remembers of the music it learnt from: fingerprints, from which none comes back.

The part ``fingerprints.bin`` is a line of JSON and a sorted set of numbers. Each number is
the first `bits` bits of the fingerprint of a stretch of ten notes (see
`solferino.notes.fingerprints`). They are stored as Elias and Fano proposed: the low bits as
they are, the high bits as the gaps from one number to the next, in unary; about 17 bits each.
"""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Self, final

import numpy as np
from numpy.typing import NDArray

from solferino.bundles.bundle import Bundle
from solferino.errors import BundleError
from solferino.notes.fingerprints import Codes

FINGERPRINTS = "fingerprints.bin"
FORMAT_VERSION = 1
LEAST_BITS = 32
SPARE_BITS = 14
"""At least so many bits more than it takes to count them, so that chance hits stay rare."""
CODE_BITS = 64
YARDSTICK = ("longest_run_notes", "share")
"""What is told of held-out music: median and 95th percentile."""


@final
@dataclass(frozen=True, eq=False)
class Fingerprints:
    """The fingerprints of the music that a model learnt from.

    Parameters
    ----------
    codes : ndarray of uint64, shape (n_codes,)
        The first `bits` bits of each, in rising order, each once.
    bits : int in [1, 64]
    ratios_per_octave : int
        As they were made; see `solferino.notes.fingerprints.stretches`.
    held_out : mapping of str to list of float
        How much of music that the model has not seen stands there: median and 95th
        percentile of ``longest_run_notes`` and of ``share``, and ``examples``, their number.
        Empty if nothing was held out.
    missing : tuple of str
        Names of bundles that the model started from, of whose music there are none.
    """

    codes: Codes
    bits: int
    ratios_per_octave: int = 2
    held_out: Mapping[str, Any] = field(default_factory=dict)
    missing: tuple[str, ...] = ()

    @classmethod
    def of(cls, codes: Iterable[Codes], ratios_per_octave: int) -> Self:
        """Keep as many bits of some fingerprints as it takes to tell them apart."""
        distinct = np.unique(np.concatenate([np.empty(0, np.uint64), *codes]))
        bits = max(LEAST_BITS, len(distinct).bit_length() + SPARE_BITS)
        return cls(np.unique(_cut(distinct, bits)), bits, ratios_per_octave)

    @property
    def false_positive_rate(self) -> float:
        """Chance of a stretch that the model never saw to look as if it had."""
        return float(len(self.codes) / 2.0**self.bits)

    def has(self, codes: Codes) -> NDArray[np.bool_]:
        """Say of each whole fingerprint whether it is among them, shape (n_codes,)."""
        if not len(self.codes):
            return np.zeros(len(codes), np.bool_)
        wanted = _cut(codes, self.bits)
        at = np.minimum(np.searchsorted(self.codes, wanted), len(self.codes) - 1)
        return np.asarray(self.codes[at] == wanted, np.bool_)

    def joined(self, other: "Fingerprints") -> "Fingerprints":
        """Return the fingerprints of both, for a model that went on from another."""
        bits = min(self.bits, other.bits)
        both = np.concatenate([one.codes >> np.uint64(one.bits - bits) for one in (self, other)])
        missing = tuple(dict.fromkeys(self.missing + other.missing))
        return Fingerprints(np.unique(both), bits, self.ratios_per_octave, self.held_out, missing)

    def to_bytes(self) -> bytes:
        """Return the part of a bundle that holds them; `from_bytes` reads it."""
        n, low_bits = len(self.codes), self._low_bits(len(self.codes), self.bits)
        low = self.codes[:, None] >> np.arange(low_bits, dtype=np.uint64) & np.uint64(1)
        high = np.zeros(n + (1 << self.bits - low_bits) if n else 0, np.uint8)
        high[(self.codes >> np.uint64(low_bits)).astype(np.int64) + np.arange(n)] = 1
        header = {
            "format_version": FORMAT_VERSION,
            "codes": n,
            "bits": self.bits,
            "ratios_per_octave": self.ratios_per_octave,
            "held_out": dict(self.held_out),
            "missing": list(self.missing),
        }
        packed = (np.packbits(bits.astype(np.uint8)).tobytes() for bits in (low, high))
        return json.dumps(header, sort_keys=True).encode() + b"\n" + b"".join(packed)

    @classmethod
    def from_bytes(cls, data: bytes) -> Self:
        """Read a part of a bundle.

        Parameters
        ----------
        data : bytes
            What `to_bytes` gave.

        Raises
        ------
        BundleError
            If it is damaged, or of a newer version.
        """
        try:
            line, packed = data.split(b"\n", 1)
            header = json.loads(line)
            version = header["format_version"]
            if version == FORMAT_VERSION:
                bits = int(header["bits"])
                codes = cls._unpacked(packed, int(header["codes"]), bits)
                held_out = _checked(header["held_out"])
                rest = int(header["ratios_per_octave"]), held_out, tuple(header["missing"])
                return cls(codes, bits, *rest)
        except (ValueError, TypeError, KeyError, IndexError) as error:
            raise BundleError(
                f"the fingerprints cannot be read ({error}): get the bundle again"
            ) from error
        raise BundleError(
            f"the fingerprints have version {version} and this solferino reads {FORMAT_VERSION}: "
            "upgrade with pip install --upgrade solferino"
        )

    @classmethod
    def _unpacked(cls, packed: bytes, n: int, bits: int) -> Codes:
        if not 0 <= n <= 8 * len(packed) or not n.bit_length() <= bits <= CODE_BITS:
            raise ValueError(f"{n} of {bits} bits cannot be")
        low_bits = cls._low_bits(n, bits)
        flat = np.frombuffer(packed, np.uint8)
        num_low_bytes = -(-n * low_bits // 8)
        low = np.unpackbits(flat[:num_low_bytes], count=n * low_bits).reshape(n, low_bits)
        (ones,) = np.nonzero(np.unpackbits(flat[num_low_bytes:]))
        if len(ones) != n:
            raise ValueError(f"there are {len(ones)} of {n}")
        high = (ones - np.arange(n)).astype(np.uint64) << np.uint64(low_bits)
        weights = np.uint64(1) << np.arange(low_bits, dtype=np.uint64)
        return np.asarray(high | (low.astype(np.uint64) @ weights), np.uint64)

    @staticmethod
    def _low_bits(n: int, bits: int) -> int:
        """How many bits of each are stored as they are."""
        return bits - max(n.bit_length() - 1, 0)


def fingerprints_of(bundle: Bundle) -> Fingerprints:
    """Return the fingerprints of a bundle.

    Raises
    ------
    BundleError
        If it has none, or they cannot be read.
    """
    if FINGERPRINTS not in bundle.parts:
        raise BundleError(
            f"{bundle.path} has no fingerprints of the music it learnt from to compare with: "
            f"add them with `solferino bundle {bundle.path} --examples EXAMPLES -o NEW.solferino`"
        )
    try:
        return Fingerprints.from_bytes(bundle.part(FINGERPRINTS))
    except BundleError as error:
        raise BundleError(f"{bundle.path}: {error}") from error


def fingerprints_before(bundle: Bundle) -> Fingerprints:
    """Return the fingerprints of a bundle that another starts from; if none, its name is kept."""
    if FINGERPRINTS in bundle.parts:
        return fingerprints_of(bundle)
    return Fingerprints(np.empty(0, np.uint64), CODE_BITS, missing=(bundle.card.name,))


def _checked(held_out: Mapping[str, Any]) -> Mapping[str, Any]:
    """Raise ValueError, TypeError or KeyError unless it is a yardstick, or empty."""
    for name in YARDSTICK if held_out else ():
        median, high = held_out[name]
        if not 0 <= median <= high:
            raise ValueError(f"{name} has {median} and {high}")
    return held_out


def _cut(codes: Codes, bits: int) -> Codes:
    """Return the first bits of whole fingerprints."""
    return np.asarray(codes >> np.uint64(CODE_BITS - bits), np.uint64)
