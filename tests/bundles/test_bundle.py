import hashlib
import io
import json
import zipfile

import numpy as np
import pytest
from safetensors.numpy import save

from solferino.bundles import bundle as bundle_module
from solferino.bundles import catalogue
from solferino.bundles.bundle import open_bundle, shipped_bundles, write_bundle
from solferino.bundles.card import Card
from solferino.bundles.int8_weights import to_int8
from solferino.errors import BundleError

WEIGHTS = {"cell.w": np.arange(6, dtype=np.float16).reshape(2, 3)}
PARTS = {"weights.safetensors": save(WEIGHTS), "step.onnx": b"graph"}
CARD = Card(name="toy", makes="melodies", representation={}, model={})


@pytest.fixture
def path(tmp_path):
    write_bundle(tmp_path / "toy.solferino", CARD, PARTS)
    return tmp_path / "toy.solferino"


def rewrite(path, change, compression=zipfile.ZIP_STORED):
    """Let `change` edit the bundle's files, a dict of names to bytes, without new hashes."""
    with zipfile.ZipFile(path) as archive:
        contents = {name: archive.read(name) for name in archive.namelist()}
    change(contents)
    with zipfile.ZipFile(path, "w", compression) as archive:
        for name, content in contents.items():
            archive.writestr(name, content)


def test_what_is_written_is_read(path):
    opened = open_bundle(path)
    assert opened.card.name == "toy"
    assert opened.part("step.onnx") == b"graph"
    assert opened.weights()["cell.w"].tolist() == [[0, 1, 2], [3, 4, 5]]
    assert opened.sha256 == hashlib.sha256(path.read_bytes()).hexdigest()
    assert opened.num_bytes == path.stat().st_size


def test_the_card_lists_the_hash_of_each_part(path):
    graph_hash = hashlib.sha256(b"graph").hexdigest()
    assert open_bundle(path).card.parts["step.onnx"] == graph_hash


def test_equal_contents_are_equal_bytes(path, tmp_path):
    write_bundle(tmp_path / "again", CARD, dict(reversed(PARTS.items())))
    assert (tmp_path / "again").read_bytes() == path.read_bytes()


def test_a_bundle_that_was_zipped_again_with_compression_opens(path):
    rewrite(path, lambda contents: None, zipfile.ZIP_DEFLATED)
    assert open_bundle(path).part("step.onnx") == b"graph"


def test_an_unknown_part_is_an_error_that_lists_the_known(path):
    with pytest.raises(BundleError, match=r"no part 'demo.mid': it has \['step.onnx', "):
        open_bundle(path).part("demo.mid")


def test_a_bundle_without_weights_is_not_written(tmp_path):
    with pytest.raises(BundleError, match=r"needs weights\.safetensors"):
        write_bundle(tmp_path / "half", CARD, {"step.onnx": b""})
    assert not list(tmp_path.iterdir())


def test_a_bundle_that_cannot_be_written_names_the_place(tmp_path):
    with pytest.raises(BundleError, match=r"is a folder; name a file"):
        write_bundle(tmp_path, CARD, PARTS)


def test_a_file_that_is_cut_short_is_refused_at_any_length(path):
    whole = path.read_bytes()
    for length in range(0, len(whole), 97):
        path.write_bytes(whole[:length])
        with pytest.raises(BundleError, match=r"toy.solferino: not a bundle, or not all of it"):
            open_bundle(path)


def test_any_byte_of_the_weights_that_changes_is_noticed(path):
    whole = bytearray(path.read_bytes())
    whole[whole.index(PARTS["weights.safetensors"]) + 60] ^= 1
    path.write_bytes(whole)
    with pytest.raises(BundleError, match="not all of it"):  # the zip's own checksum
        open_bundle(path)


def test_a_part_that_was_exchanged_is_noticed(path):
    rewrite(path, lambda contents: contents.update({"step.onnx": b"grape"}))
    with pytest.raises(BundleError, match=r"step\.onnx is damaged .its SHA-256 differs"):
        open_bundle(path)


@pytest.mark.parametrize("name", ["step.onnx", "weights.safetensors"])
def test_a_part_that_is_missing_is_named(path, name):
    rewrite(path, lambda contents: contents.pop(name))
    with pytest.raises(BundleError, match=f"lacks {name}: get the bundle again"):
        open_bundle(path)


def test_a_part_that_the_card_does_not_list_is_refused(path):
    rewrite(path, lambda contents: contents.update({"run.py": b"print()"}))
    with pytest.raises(BundleError, match=r"run.py does not stand in the card"):
        open_bundle(path)


def test_a_zip_without_a_card_is_no_bundle(path):
    rewrite(path, lambda contents: contents.pop("card.json"))
    with pytest.raises(BundleError, match=r"has no card.json: it is not a bundle"):
        open_bundle(path)


def test_a_bundle_of_a_newer_version_says_upgrade(path):
    def make_newer(contents):
        card = json.loads(contents["card.json"]) | {"format_version": 9}
        contents["card.json"] = json.dumps(card).encode()

    rewrite(path, make_newer)
    with pytest.raises(BundleError, match=r"toy.solferino: .*version 9.*pip install --upgrade"):
        open_bundle(path)


def test_weights_that_are_no_safetensors_are_refused(tmp_path):
    write_bundle(tmp_path / "odd", CARD, PARTS | {"weights.safetensors": b"\x80\x04 pickle"})
    with pytest.raises(BundleError, match="weights that cannot be read"):
        open_bundle(tmp_path / "odd").weights()


def test_weights_of_int8_come_back_as_the_network_has_them(tmp_path):
    stored = to_int8({"cell.w": np.array([[127, -64], [1, 0]], np.float16)})
    write_bundle(tmp_path / "small", CARD, PARTS | {"weights.safetensors": save(stored)})
    opened = open_bundle(tmp_path / "small")
    assert opened.weights()["cell.w"].tolist() == [[127, -64], [1, 0]]
    assert opened.stored_weights()["cell.w"].tolist() == [[127, -64], [127, 0]]


@pytest.mark.parametrize("scales", [{}, {"cell.w.scale": np.ones((5, 5), np.float32)}])
def test_weights_of_int8_without_fitting_scales_are_refused(scales, tmp_path):
    stored = {"cell.w": np.ones((2, 3), np.int8), **scales}
    write_bundle(tmp_path / "odd", CARD, PARTS | {"weights.safetensors": save(stored)})
    with pytest.raises(BundleError, match=r"odd has int8 weights without fitting scales"):
        open_bundle(tmp_path / "odd").weights()


def test_a_zip_that_would_fill_the_memory_is_refused_before_it_is_unpacked(path, monkeypatch):
    rewrite(path, lambda contents: contents.update({"0": bytes(10**6)}), zipfile.ZIP_DEFLATED)
    monkeypatch.setattr(bundle_module, "MAX_BYTES", 10**5)
    assert path.stat().st_size < 10**5
    with pytest.raises(BundleError, match="unpacks to more than 100000 bytes"):
        open_bundle(path)


def test_a_zip_that_lies_about_its_sizes_is_refused(path):
    rewrite(path, lambda contents: contents.update({"0": bytes(10**6)}), zipfile.ZIP_DEFLATED)
    real, lie = (10**6).to_bytes(4, "little"), (10).to_bytes(4, "little")
    path.write_bytes(path.read_bytes().replace(real, lie))
    with pytest.raises(BundleError, match="not a bundle, or not all of it"):
        open_bundle(path)


def test_a_zip_of_very_many_files_is_refused(path):
    rewrite(path, lambda contents: contents.update({str(i): b"" for i in range(100)}))
    with pytest.raises(BundleError, match="has 103 files, a bundle at most 64"):
        open_bundle(path)


@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_a_zip_with_two_files_of_one_name_is_refused(path):
    with zipfile.ZipFile(path, "a") as archive:
        archive.writestr("step.onnx", b"other")
    with pytest.raises(BundleError, match="two files of one name"):
        open_bundle(path)


def test_a_file_larger_than_any_bundle_is_not_read(path, monkeypatch):
    monkeypatch.setattr(bundle_module, "MAX_BYTES", 100)
    with pytest.raises(BundleError, match="is larger than 100 bytes: it is not a bundle"):
        open_bundle(path)


def test_a_file_that_cannot_be_read_says_why(path, monkeypatch):
    def refuse(self):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(type(path), "read_bytes", refuse)
    with pytest.raises(BundleError, match=r"cannot be read .Permission denied.: check the path"):
        open_bundle(path)


def test_every_error_of_a_damaged_bundle_is_one_line(path):
    path.write_bytes(b"MThd" + bytes(50))
    with pytest.raises(BundleError) as caught:
        open_bundle(path)
    assert "\n" not in str(caught.value)


def test_shipped_bundles_come_in_the_order_of_their_names(tmp_path, monkeypatch):
    monkeypatch.setattr(catalogue, "SHIPPED_FOLDER", tmp_path)
    for name in ("b", "a"):
        write_bundle(tmp_path / f"{name}.solferino", CARD, PARTS)
    assert [opened.path.stem for opened in shipped_bundles()] == ["a", "b"]


def test_a_stored_bundle_is_a_plain_zip(path):
    with zipfile.ZipFile(io.BytesIO(path.read_bytes())) as archive:
        assert archive.namelist() == ["card.json", "step.onnx", "weights.safetensors"]
        assert {entry.date_time[0] for entry in archive.infolist()} == {1980}


def test_a_bundle_replaces_a_bundle_but_no_other_file(path, tmp_path):
    write_bundle(path, CARD, PARTS)
    song = tmp_path / "song.mid"
    song.write_bytes(b"MThd")
    with pytest.raises(BundleError, match=r"song\.mid is there already and is no bundle"):
        write_bundle(song, CARD, PARTS)
    assert song.read_bytes() == b"MThd"
