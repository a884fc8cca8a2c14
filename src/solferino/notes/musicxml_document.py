"""A MusicXML file as an XML tree: unpacked, checked, and sorted by part.

A file may hold anything, so what could harm the reader is refused before it is read: entities,
which can grow without end, and archives that unpack to more than they should.
"""

import io
import zipfile
import zlib
from typing import NamedTuple
from xml.etree import ElementTree
from xml.etree.ElementTree import Element
from xml.parsers import expat

from solferino.errors import MusicFileError
from solferino.notes.disk import reason

MAX_XML_BYTES = 256 * 2**20
MAX_TAGS = 12_000_000
MAX_RATIO = 300
"""How many times its packed size a file in an archive may have; scores have 10 to 40."""

_SMALL_BYTES = 2**20
_CHUNK_BYTES = 2**16
_CONTAINER = "META-INF/container.xml"
_SUFFIXES = (".musicxml", ".xml")
_EXPORT = "export it as MusicXML again"


class Document(NamedTuple):
    """A score as XML.

    Parameters
    ----------
    root : Element
        The whole.
    parts : dict of str to list of Element
        The measures of each part by its id, in order.
    """

    root: Element
    parts: dict[str, list[Element]]


class _Entity(Exception):  # noqa: N818
    """The document declares an entity."""


class _Begun(Exception):  # noqa: N818
    """The first element was met, so nothing more can be declared."""


def read_document(data: bytes, name: str) -> Document:
    """Unpack and read the XML of a score, by part even where it is sorted by measure.

    Parameters
    ----------
    data : bytes
        The content of a ``.musicxml``, ``.xml`` or ``.mxl`` file.
    name : str
        What to call it in errors.

    Raises
    ------
    MusicFileError
        If it is damaged, no score, or could harm the reader.
    """
    if data[:4] in (b"PK\x03\x04", b"PK\x05\x06"):
        data = _unpacked(data, name)
    root = _parse(data, name)
    if root.tag not in ("score-partwise", "score-timewise"):
        raise MusicFileError(
            f"{name} is XML but not a score (it is a {root.tag[:40]!r}); {_EXPORT}"
        )
    return Document(root, _parts(root))


def _parts(root: Element) -> dict[str, list[Element]]:
    parts: dict[str, list[Element]] = {}
    if root.tag == "score-partwise":
        for part in root.iterfind("part"):
            parts.setdefault(part.get("id", ""), []).extend(part.iterfind("measure"))
        return parts
    measures = root.findall("measure")
    for index, measure in enumerate(measures):
        for part in measure.iterfind("part"):
            part_id = part.get("id", "")
            if part_id not in parts:
                parts[part_id] = [Element("measure", m.attrib) for m in measures]
            parts[part_id][index].extend(list(part))
    return parts


def _parse(data: bytes, name: str) -> Element:
    if data.count(b"<") > MAX_TAGS:
        raise MusicFileError(f"{name} has more than {MAX_TAGS} tags; split it")
    try:
        _refuse_entities(data)
        return ElementTree.fromstring(data)  # noqa: S314 -- entities are refused
    except _Entity:
        raise MusicFileError(
            f"{name} declares entities, which no score needs and which can do harm; {_EXPORT}"
        ) from None
    except (ElementTree.ParseError, expat.ExpatError, LookupError, ValueError) as error:
        raise MusicFileError(f"{name} is not whole XML ({reason(error)}); {_EXPORT}") from error


def _refuse_entities(data: bytes) -> None:
    """Read up to the first element, before which all entities are declared."""
    parser = expat.ParserCreate()
    parser.EntityDeclHandler = _raise_entity
    parser.StartElementHandler = _raise_begun
    try:
        for start in range(0, len(data), _CHUNK_BYTES):
            parser.Parse(data[start : start + _CHUNK_BYTES], False)
    except _Begun:
        return


def _raise_entity(*_: object) -> None:
    raise _Entity


def _raise_begun(*_: object) -> None:
    raise _Begun


def _unpacked(data: bytes, name: str) -> bytes:
    """Take the score out of an archive."""
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            return _member(archive, _score_path(archive, name), name)
    except (
        zipfile.BadZipFile,
        zlib.error,
        OSError,
        EOFError,
        KeyError,
        ValueError,
        RuntimeError,
        NotImplementedError,
    ) as error:
        raise MusicFileError(f"{name} is a damaged archive ({reason(error)}); {_EXPORT}") from error


def _score_path(archive: zipfile.ZipFile, name: str) -> str:
    """Find the score that the container names first, or else the first that looks like one."""
    paths = archive.namelist()
    named = _named_paths(archive, name) if _CONTAINER in paths else []
    for path in named:
        if path in paths:
            return path
    for path in paths:
        if path.lower().endswith(_SUFFIXES) and not path.startswith("META-INF"):
            return path
    raise MusicFileError(f"{name} is an archive without a score in it; {_EXPORT}")


def _named_paths(archive: zipfile.ZipFile, name: str) -> list[str]:
    """List the files that the container names; none if it is damaged, as some programs leave it."""
    data = _member(archive, _CONTAINER, name)
    try:
        container = _parse(data, name)
    except MusicFileError:
        return []
    return [e.get("full-path", "") for e in container.iter() if e.tag.endswith("rootfile")]


def _member(archive: zipfile.ZipFile, path: str, name: str) -> bytes:
    """Unpack a file of an archive, but not more than it may hold."""
    info = archive.getinfo(path)
    allowed = max(_SMALL_BYTES, min(MAX_XML_BYTES, MAX_RATIO * info.compress_size))
    with archive.open(info) as file:
        data = file.read(allowed + 1)
    if max(len(data), info.file_size) > allowed:
        raise MusicFileError(
            f"{name} unpacks to more than {allowed / 2**20:.0f} MB, "
            f"too much for a score of its size; {_EXPORT}"
        )
    return data
