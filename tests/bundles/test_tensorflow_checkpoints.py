"""Checkpoints of TensorFlow 1: every number comes back, whichever way it was saved."""

import base64

import numpy as np
import pytest

import solferino.bundles.tensorflow_checkpoints as checkpoints
from solferino.bundles.tensorflow_checkpoints import checkpoint_tensors, read_checkpoint
from solferino.errors import BundleError
from tests.bundles.tensorflow_files import (
    counted,
    first_format,
    second_format,
    shape,
    slice_key,
    table,
    whole,
)

RNG = np.random.default_rng(0)
TENSORS = {
    "fully_connected/biases": RNG.normal(size=7).astype(np.float32),
    "fully_connected/weights": RNG.normal(size=(5, 7)).astype(np.float32),
    "global_step": np.array(-3_000_000_000, np.int64),
    "half": RNG.normal(size=(2, 3)).astype(np.float16),
    "int": np.array([-5, 2**31 - 1], np.int32),
    "rnn/attn_w": RNG.normal(size=(1, 1, 4, 4)).astype(np.float32),
}
LONG = {name: array for name, array in TENSORS.items() if array.ndim and len(array) >= 5}

# Written by TensorFlow 2.15.1, tf.compat.v1.train.Saver(write_version=1 or 2).
BY_TENSORFLOW = base64.b64decode(
    "AABXClUKEwoLZ2xvYmFsX3N0ZXASABgJIgAKEgoEaGFsZhIEEgIIAhgTIgIKAAoLCgNpMzISABgDIgAKGQoFcm5uL2ES"
    "CBICCAISAggDGAEiBAoACgASAggBAA8XAGdsb2JhbF9zdGVwAAEAEhUKC2dsb2JhbF9zdGVwEgAaBFICrAIBChVoYWxm"
    "AAEBAYB/EhMKBGhhbGYSAgoAGgdqBYB4gIIDAQYXaTMyAAEAEhUKA2kzMhIAGgw6Cvv//////////wEBDStybm4vYQAB"
    "AQKAf4B/EikKBXJubi9hEgQKAAoAGhoqGAAAgL4AAAC+AAAAAAAAAD4AAIA+AADAPgAAAAABAAAAAOQYa0oAAAAAAQAA"
    "AADA8qGwAAEDAQCIAgAAAAABAAAAAAb97PyNAgiaAg8AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAV/uA"
    "iyR1R9s="
)
PARTS_BY_TENSORFLOW = base64.b64decode(
    "AAAwCi4KKAoDdi9wEgkSAwiCARICCAEYASIICgIQQQoCEAEiCgoECEEQQQoCEAESAggBAA2cAgB2L3AAAQECgMBBgIES"
    "mQIKA3YvcBIICgIQQQoCEAEahwIqhAIAAAAAAACAPwAAAEAAAEBAAACAQAAAoEAAAMBAAADgQAAAAEEAABBBAAAgQQAA"
    "MEEAAEBBAABQQQAAYEEAAHBBAACAQQAAiEEAAJBBAACYQQAAoEEAAKhBAACwQQAAuEEAAMBBAADIQQAA0EEAANhBAADg"
    "QQAA6EEAAPBBAAD4QQAAAEIAAARCAAAIQgAADEIAABBCAAAUQgAAGEIAABxCAAAgQgAAJEIAAChCAAAsQgAAMEIAADRC"
    "AAA4QgAAPEIAAEBCAABEQgAASEIAAExCAABQQgAAVEIAAFhCAABcQgAAYEIAAGRCAABoQgAAbEIAAHBCAAB0QgAAeEIA"
    "AHxCAACAQggGngLAQcBBgIESmwIKA3YvcBIKCgQIQRBBCgIQARqHAiqEAgAAyEIAAMpCAADMQgAAzkIAANBCAADSQgAA"
    "1EIAANZCAADYQgAA2kIAANxCAADeQgAA4EIAAOJCAADkQgAA5kIAAOhCAADqQgAA7EIAAO5CAADwQgAA8kIAAPRCAAD2"
    "QgAA+EIAAPpCAAD8QgAA/kIAAABDAAABQwAAAkMAAANDAAAEQwAABUMAAAZDAAAHQwAACEMAAAlDAAAKQwAAC0MAAAxD"
    "AAANQwAADkMAAA9DAAAQQwAAEUMAABJDAAATQwAAFEMAABVDAAAWQwAAF0MAABhDAAAZQwAAGkMAABtDAAAcQwAAHUMA"
    "AB5DAAAfQwAAIEMAACFDAAAiQwAAI0MAACRDAAAAAAEAAAAAQRy/kwAAAAABAAAAAMDyobAAAQMBAJAFAAAAAAEAAAAA"
    "XPKVlpUFCKIFDwAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAABX+4CLJHVH2w=="
)
PARTS_INDEX_BY_TENSORFLOW = base64.b64decode(
    "AAAGCAEaAggBAA0UAHYvcAABAQKAwEGAgQgBEggSAghBEgIIASiEAjVfoaJSCAYXwEHAQYCBCAESCBICCEESAggBIIQC"
    "KIQCNaQvfc8AAyN2L3AIARIJEgMIggESAggBOggKAhBBCgIQAToKCgQIQRBBCgIQAQAAAAABAAAAAMhtxCoAAAAAAQAA"
    "AADA8qGwAAECdwB+AAAAAAEAAAAA1Krc24MBCJABDgAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAABX+4CL"
    "JHVH2w=="
)


def every(name):
    return True


def same(found, expected):
    assert found.keys() == expected.keys()
    for name, array in expected.items():
        assert found[name].dtype == array.dtype
        np.testing.assert_array_equal(found[name], array)


def read_first(data):
    return checkpoint_tensors(data, "model.ckpt", every)


def read_second(folder, tensors, **options):
    second_format(folder / "model.ckpt", tensors, **options)
    return read_checkpoint(folder / "model.ckpt", every)


def test_a_file_of_tensorflow_is_read():
    found = read_first(BY_TENSORFLOW)
    assert found["rnn/a"].tolist() == [[-0.25, -0.125, 0], [0.125, 0.25, 0.375]]
    assert found["half"].tolist() == [1, -2.5]
    assert (found["global_step"], found["i32"]) == (300, -5)


def test_parts_that_tensorflow_wrote_are_joined(tmp_path):
    expected = np.append(np.arange(65), np.arange(100, 165)).reshape(130, 1)
    same(read_first(PARTS_BY_TENSORFLOW), {"v/p": expected.astype(np.float32)})
    (tmp_path / "p.index").write_bytes(PARTS_INDEX_BY_TENSORFLOW)
    numbers = tmp_path / "p.data-00000-of-00001"
    numbers.write_bytes(expected.astype("<f4").tobytes())
    same(read_checkpoint(tmp_path / "p", every), {"v/p": expected.astype(np.float32)})


@pytest.mark.parametrize("entries_a_block", [1, 2, 50])
def test_format_1_comes_back(entries_a_block):
    same(read_first(first_format(TENSORS, entries_a_block=entries_a_block)), TENSORS)


@pytest.mark.parametrize("big_endian", [False, True])
def test_format_2_comes_back_in_both_orders_of_bytes(tmp_path, big_endian):
    same(read_second(tmp_path, TENSORS, big_endian=big_endian), TENSORS)


@pytest.mark.parametrize("n_parts", [2, 5])
def test_parts_are_joined(tmp_path, n_parts):
    same(read_first(first_format(LONG, n_parts)), LONG)
    same(read_second(tmp_path, LONG, n_parts=n_parts), LONG)


def test_parts_far_along_a_variable_are_found(tmp_path):
    tensors = {"long": np.arange(300, dtype=np.float32)}
    same(read_second(tmp_path, tensors, n_parts=3), tensors)


def test_only_what_is_wanted_is_read(tmp_path):
    second_format(tmp_path / "m", TENSORS)
    assert list(read_checkpoint(tmp_path / "m.index", lambda name: name == "int")) == ["int"]
    data = first_format(TENSORS)
    assert list(checkpoint_tensors(data, "", lambda name: name == "half")) == ["half"]


def saved(name, sizes, kind, numbers, extents=b""):
    """A checkpoint of format 1 of one variable, said and given freely."""
    meta = counted(1, counted(1, name) + counted(2, shape(sizes)) + whole(3, kind))
    data = counted(1, name) + counted(2, extents) + counted(3, counted(5, numbers))
    return table({b"": counted(1, meta), slice_key(name, []): counted(2, data)})


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (first_format(TENSORS)[:-9], "does not end as a checkpoint does"),
        (b"<html>404</html>" * 9, "does not end as a checkpoint does"),
        (table({b"a": b""}), "has no list of its variables"),
        (first_format(TENSORS, version=2), "has version 2, and up to 1 can be read"),
        (saved("w", [2, 2], 1, b"\0" * 12), r"w has 3 numbers, but shape \[2, 2\]"),
        (saved("w", [2**40, 2**40], 1, b"\0" * 12), "w has 3 numbers, but shape"),
        (saved("w", [3], 1, b"\0" * 11), "buffer size must be a multiple"),
        (saved("w", [-3], 1, b"\0" * 12), r"w has the shape \[-3\], not one of numbers"),
        (saved("w", [1] * 9, 1, b"\0" * 4), "not one of numbers"),
        (saved("w\n", [3], 1, b"\0" * 12), r"a variable is called 'w\\n'"),
        (saved("w" * 999, [3], 1, b"\0" * 12), "a variable is called 'w{40}'"),
        (saved("w", [3], 7, b"abc"), "w is of type 7, which is not one of"),
        (table({b"": counted(1, b"\x0a\xff")}), "it is cut off"),
    ],
)
def test_damage_of_format_1_is_told_in_one_line(data, message):
    with pytest.raises(BundleError, match=f"^model.ckpt is no checkpoint of .*{message}") as caught:
        read_first(data)
    assert "\n" not in str(caught.value)


def of_parts(*parts):
    """A variable of four numbers, of parts (extents, numbers)."""
    meta = counted(1, counted(1, "w") + counted(2, shape([4])) + whole(3, 1))
    entries = {b"": counted(1, meta)}
    for place, (start, length, n_numbers) in enumerate(parts):
        extent = counted(1, whole(1, start) + whole(2, length))
        numbers = counted(3, counted(5, b"\0" * 4 * n_numbers))
        entries[bytes([0, place])] = counted(2, counted(1, "w") + counted(2, extent) + numbers)
    return table(entries)


@pytest.mark.parametrize(
    ("parts", "message"),
    [
        ([(0, 2, 2)], "w has 2 numbers"),
        ([(0, 2, 2), (0, 2, 2)], "the parts of w overlap"),
        ([(0, 2, 3), (2, 2, 1)], "a part of w does not fit into it"),
        ([(0, 2, 2), (9, 2, 2)], "a part of w does not fit into it"),
    ],
)
def test_parts_that_do_not_fill_a_variable_are_refused(parts, message):
    with pytest.raises(BundleError, match=message):
        read_first(of_parts(*parts))


def test_a_slice_of_too_many_dimensions_is_refused():
    extents = b"".join(counted(1, whole(1, 0) + whole(2, 1)) for _ in range(9))
    with pytest.raises(BundleError, match="a slice has 9 dimensions"):
        read_first(saved("w", [1], 1, b"\0" * 4, extents))


def test_a_changed_number_of_format_2_is_noticed(tmp_path):
    second_format(tmp_path / "m", TENSORS)
    numbers = tmp_path / "m.data-00000-of-00001"
    content = bytearray(numbers.read_bytes())
    content[3] ^= 1
    numbers.write_bytes(content)
    with pytest.raises(BundleError, match=r"biases in m\.data-00000-of-00001 has the wrong"):
        read_checkpoint(tmp_path / "m", every)


def test_a_file_of_numbers_that_is_cut_off_or_missing_is_named(tmp_path):
    second_format(tmp_path / "m", TENSORS)
    numbers = tmp_path / "m.data-00000-of-00001"
    numbers.write_bytes(numbers.read_bytes()[:-1])
    with pytest.raises(BundleError, match=r"m\.data-00000-of-00001 is cut off"):
        read_checkpoint(tmp_path / "m", every)
    numbers.unlink()
    with pytest.raises(BundleError, match=r"cannot be read .*it belongs beside the \.index file"):
        read_checkpoint(tmp_path / "m", every)


HEAD = whole(1, 1)


@pytest.mark.parametrize(
    ("entries", "message"),
    [
        ({b"w": b""}, "it names 0 files of numbers"),
        ({b"": whole(1, 10**6)}, "it names 1000000 files of numbers"),
        ({b"": HEAD + counted(3, whole(2, 2))}, "has version 2, and up to 1"),
        ({b"": HEAD, b"w": whole(1, 1) + whole(5, 10**12)}, "w says that it has 1000000000000"),
        ({b"": HEAD, b"w": whole(1, 1) + whole(3, 1)}, "w says that it is in file 1"),
        ({b"": HEAD, b"w": whole(1, 1) + counted(7, b"")}, "a part of w is missing"),
    ],
)
def test_damage_of_format_2_is_told_in_one_line(tmp_path, entries, message):
    (tmp_path / "m.index").write_bytes(table(entries))
    with pytest.raises(BundleError, match=f"m.index is no checkpoint of .*{message}") as caught:
        read_checkpoint(tmp_path / "m", every)
    assert "\n" not in str(caught.value)


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(BundleError, match=r"m\.index cannot be read \(No such file"):
        read_checkpoint(tmp_path / "m", every)


def test_a_file_too_large_to_be_a_checkpoint_is_not_read(tmp_path, monkeypatch):
    monkeypatch.setattr(checkpoints, "MAX_FILE_BYTES", 8)
    second_format(tmp_path / "m", TENSORS)
    with pytest.raises(BundleError, match="is larger than 8 bytes: it is no checkpoint"):
        read_checkpoint(tmp_path / "m", every)


def test_more_numbers_than_a_file_may_have_are_not_read(tmp_path, monkeypatch):
    second_format(tmp_path / "m", {"a": np.ones(300, np.float32), "b": np.ones(300, np.float32)})
    monkeypatch.setattr(checkpoints, "MAX_FILE_BYTES", 2000)
    with pytest.raises(BundleError, match="its variables have more than 2000 bytes together"):
        read_checkpoint(tmp_path / "m", every)
