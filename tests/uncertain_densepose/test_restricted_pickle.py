"""Pickles of arrays are read; whatever else a pickle asks for is refused and not run."""

import io
import os
import pickle
import struct
import sys
import types
from collections import OrderedDict

import numpy as np
import pytest
import torch

from tests.uncertain_densepose.evaluation.big_table import reset_peak, resident_mb
from uncertain_densepose.restricted_pickle import RestrictedPickleError, load_arrays

PROTOCOLS = range(pickle.HIGHEST_PROTOCOL + 1)
BASE = np.arange(24, dtype=np.float32).reshape(2, 3, 4)
ARRAYS = {
    "contiguous": BASE,
    "fortran": np.asfortranarray(BASE),
    "transposed": BASE.transpose(1, 0, 2),
    "strided": BASE[:, ::2],
    "big-endian": BASE.astype(">f8"),
    "half": BASE.astype(np.float16),
    "integers": np.array([-1, 2**62]),
    "bytes": np.array([0, 255], np.uint8),
    "truth": np.array([True, False]),
    "complex": np.array(3 + 1j),
    "empty": np.empty((0, 3), np.float32),
}


def written(tmp_path, content: bytes):
    path = tmp_path / "arrays.pkl"
    path.write_bytes(content)
    return path


def refusal(tmp_path, content: bytes) -> str:
    """The message with which a pickle is refused."""
    path = written(tmp_path, content)
    with pytest.raises(RestrictedPickleError) as caught:
        load_arrays(path)
    assert str(caught.value).startswith(f"{path}: ")
    return str(caught.value)


@pytest.mark.parametrize("protocol", PROTOCOLS)
@pytest.mark.parametrize("core", ["core", "_core"])
def test_arrays_come_back_as_they_were(tmp_path, protocol, core):
    content = pickle.dumps(ARRAYS, protocol)
    # NumPy 1 and 2 write different names; strings of protocol 4 carry their length.
    for module in ("multiarray", "numeric"):
        ours, theirs = f"numpy._core.{module}".encode(), f"numpy.{core}.{module}".encode()
        content = content.replace(bytes([len(ours)]) + ours, bytes([len(theirs)]) + theirs)
        content = content.replace(b"c" + ours, b"c" + theirs)
    if protocol >= 4:
        content = without_frames(content)
    read = load_arrays(written(tmp_path, content))
    assert list(read) == list(ARRAYS)
    for name, array in ARRAYS.items():
        assert type(read[name]) is np.ndarray
        assert read[name].dtype == array.dtype and read[name].shape == array.shape
        np.testing.assert_array_equal(read[name], array)


def without_frames(content: bytes) -> bytes:
    """A pickle without the lengths of its frames, which are optional."""
    at = content.index(pickle.FRAME)
    assert at == 2 and content.count(pickle.FRAME, 0, 20) == 1
    return content[:at] + content[at + 9 :]


@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_containers_and_pythons_own_values_come_back(tmp_path, protocol):
    shared = [1, None, "Grüße", 2.5, True]
    value = {
        "list": shared,
        "again": shared,
        "tuple": (shared, (np.float64(0.1), np.int32(7))),
        "ordered": OrderedDict(b=BASE, a=BASE),
        ("key", 3): 10**30,
    }
    read = load_arrays(written(tmp_path, pickle.dumps(value, protocol)))
    assert read["list"] == shared and read["again"] is read["list"]
    assert read["tuple"] == value["tuple"] and type(read["tuple"][1][1]) is np.int32
    assert list(read["ordered"]) == ["b", "a"] and type(read["ordered"]) is OrderedDict
    assert read["ordered"]["a"] is read["ordered"]["b"]
    assert read["key", 3] == 10**30


def test_a_value_that_holds_itself_is_read(tmp_path):
    value = [BASE, {}]
    value[1]["whole"] = (value,)
    read = load_arrays(written(tmp_path, pickle.dumps(value)))
    assert read[1]["whole"][0] is read
    np.testing.assert_array_equal(read[0], BASE)


PYTHON_2 = (
    b"\x80\x02}q\x00(U\x05Pdistq\x01cnumpy.core.multiarray\n_reconstruct\nq\x02cnumpy\nndarray\n"
    b"q\x03K\x00\x85U\x01b\x87Rq\x04(K\x01K\x02\x85cnumpy\ndtype\nq\x05U\x02f4K\x00K\x01\x87R"
    b"q\x06(K\x03U\x01<NNNJ\xff\xff\xff\xffJ\xff\xff\xff\xffK\x00tb\x89U\x08\xcd\xcc\xcc=\x00\x00"
    b"\x80\xbftbU\x04nameU\x05Jos\xe9\x21u."
)
"""What cPickle of Python 2 and NumPy 1 wrote, protocol 2: strings are bytes."""


def test_a_pickle_of_python_2_is_read_with_text_as_latin_1(tmp_path):
    read = load_arrays(written(tmp_path, PYTHON_2))
    assert read["name"] == "José!"
    np.testing.assert_array_equal(read["Pdist"], np.array([0.1, -1], np.float32))
    expected = pickle.loads(PYTHON_2, encoding="latin1")
    np.testing.assert_array_equal(read["Pdist"], expected["Pdist"])


def test_attributes_of_an_ordered_dict_are_left_out(tmp_path):
    state = torch.nn.Linear(2, 1).state_dict()
    state = type(state)((key, value.numpy()) for key, value in state.items())
    state._metadata = {"": {"version": 1}}
    read = load_arrays(written(tmp_path, pickle.dumps({"model": state, "__author__": "x"})))
    assert list(read["model"]) == ["weight", "bias"]
    assert not hasattr(read["model"], "_metadata")


class Call:
    """Pickles as a call of any function, which `pickle.load` would make."""

    def __init__(self, function, *arguments):
        self.call = function, arguments

    def __reduce__(self):
        return self.call


@pytest.fixture
def trap(tmp_path):
    """A file that an attack would make."""
    path = tmp_path / "trap"
    yield path
    assert not path.exists(), "a pickle was run"


@pytest.mark.parametrize("protocol", PROTOCOLS)
@pytest.mark.parametrize("around", [lambda call: call, lambda call: {"model": [(call,), BASE]}])
def test_no_function_is_called(tmp_path, trap, protocol, around):
    for name, call in {
        f"{os.system.__module__}.system": Call(os.system, f"touch {trap}"),
        "builtins.eval": Call(eval, f"open({str(trap)!r}, 'w')"),
        "builtins.getattr": Call(getattr, Call(__import__, "os"), "system"),
        "subprocess.Popen": Call(__import__("subprocess").Popen, ["touch", str(trap)]),
        "torch.serialization.load": Call(torch.load, str(trap)),
        "numpy.save": Call(np.save, str(trap), 0),
    }.items():
        message = refusal(tmp_path, pickle.dumps(around(call), protocol, fix_imports=False))
        assert f"asks for {name}, " in message
        assert "nothing of it was run" in message and ".npz" in message


def test_the_attacks_above_are_attacks(tmp_path):
    """Else the tests above could not fail."""
    path = tmp_path / "made"
    pickle.loads(pickle.dumps({"model": [(Call(os.system, f"touch {path}"),)]}))
    assert path.exists()


def test_a_name_within_an_admitted_module_is_refused(tmp_path):
    for module, name in [
        ("numpy", "load"),
        ("numpy", "dtype.__class__"),
        ("numpy._core.multiarray", "fromfile"),
        ("collections", "namedtuple"),
        ("_codecs", "lookup"),
        ("numpy.matrixlib.defmatrix", "matrix"),
    ]:
        old = f"c{module}\n{name}\n.".encode()
        new = pickle.PROTO + b"\x04"
        for word in (module, name):
            new += pickle.SHORT_BINUNICODE + bytes([len(word)]) + word.encode()
        for content in (old, new + pickle.STACK_GLOBAL + b"."):
            assert f"{module}.{name}, " in refusal(tmp_path, content)


@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_an_array_of_objects_is_refused_whatever_they_are(tmp_path, trap, protocol):
    array = np.empty(2, object)
    array[:] = [Call(os.system, f"touch {trap}"), 1]
    assert "'O8'" in refusal(tmp_path, pickle.dumps(np.array([None]), protocol))
    # The type comes first, or what is in it.
    assert "'O8'" in refusal(tmp_path, pickle.dumps(array, protocol))


@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_structured_text_and_subclassed_arrays_are_refused(tmp_path, protocol):
    for array in (
        np.zeros(2, [("a", "f4"), ("b", "O")]),
        np.array(["text"]),
        np.array(["2020-01-01"], "M8[D]"),
        np.ma.masked_array([1.0]),
    ):
        assert "an attack" in refusal(tmp_path, pickle.dumps(array, protocol))


def test_a_type_cannot_be_given_fields_that_point_into_memory(tmp_path):
    """NumPy would take eight bytes of the file for the address of an object."""
    plain, fields = np.dtype("f8"), {"a": (np.dtype("f8"), 0)}

    class Crafted:
        def __reduce__(self):
            return np.dtype, ("f8", False, True), (3, "<", None, ("a",), fields, 8, 1, 0)

    assert "structured" in refusal(tmp_path, pickle.dumps([plain, Crafted()], 2))


def test_what_is_not_an_array_cannot_be_changed(tmp_path):
    """Setting attributes of what the reader hands out would weaken it for the next file."""
    for module, name in [("numpy", "dtype"), ("numpy", "ndarray"), ("collections", "OrderedDict")]:
        content = (
            f"\x80\x02c{module}\n{name}\n(NX\x01\x00\x00\x00x".encode("latin1") + b"K\x01t" + b"b."
        )
        assert "a change of" in refusal(tmp_path, content)


@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_instances_sets_and_outside_objects_are_refused(tmp_path, protocol):
    class WithPersistentId(pickle.Pickler):
        def persistent_id(self, value):
            return "elsewhere" if value is BASE else None

    stream = io.BytesIO()
    WithPersistentId(stream, protocol).dump([BASE])
    assert "outside of the file" in refusal(tmp_path, stream.getvalue())
    assert "an attack" in refusal(tmp_path, pickle.dumps({1, 2}, protocol))
    assert "an attack" in refusal(tmp_path, pickle.dumps(types.SimpleNamespace(a=1), protocol))
    assert "instance" in refusal(tmp_path, b"(icollections\nOrderedDict\n.")
    assert "instance" in refusal(tmp_path, b"\x80\x02ccollections\nOrderedDict\n)\x81.")


@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_a_damaged_file_is_refused_wherever_it_ends_or_changes(tmp_path, protocol):
    content = pickle.dumps({"a": BASE[0], "b": [np.float64(1)]}, protocol)
    for end in range(0, len(content), 3):
        assert "get the file again" in refusal(tmp_path, content[:end])
    generator = np.random.default_rng(protocol)
    for _ in range(60):
        damaged = bytearray(content)
        for at in generator.integers(len(content), size=2):
            damaged[at] = generator.integers(256)
        try:
            load_arrays(written(tmp_path, bytes(damaged)))
        except RestrictedPickleError:
            pass


def test_a_shape_that_its_bytes_do_not_fill_is_refused(tmp_path):
    for shape in [(7,), (-2, -3), (2**40, 2**40), (0, 2**70), (6.0,), ("6",), 6]:

        class Crafted:
            def __reduce__(self, shape=shape):
                state = (1, shape, np.dtype("f4"), False, bytes(24))
                return np._core.multiarray._reconstruct, (np.ndarray, (0,), b"b"), state

        assert "no whole pickle" in refusal(tmp_path, pickle.dumps(Crafted(), 2))


@pytest.mark.skipif(sys.platform != "linux", reason="reads the peak memory from /proc")
def test_a_small_file_cannot_claim_much_memory(tmp_path):
    size, claimed = struct.pack("<Q", 2**33), struct.pack("<I", 2**31)
    shared = b"(lp0\n" + b"".join(b"(lp%d\ng%d\nag%d\na" % (k + 1, k, k) for k in range(60))
    reset_peak()
    before = resident_mb()["VmHWM"]
    for content in (
        b"\x80\x05" + pickle.BYTEARRAY8 + size + b"x.",
        b"\x80\x04" + pickle.BINBYTES8 + size + b"x.",
        b"\x80\x04" + pickle.FRAME + size + b"N",
        b"\x80\x02N" + pickle.LONG_BINPUT + claimed + b"0" + b"b.",
        # Lists of twice the one before: 2^60 items if anybody counted or printed them.
        shared + b"Nb.",
    ):
        refusal(tmp_path, content)
    load_arrays(written(tmp_path, shared + b"."))
    assert resident_mb()["VmHWM"] - before < 250


def test_a_deep_nest_is_refused_and_not_a_crash(tmp_path):
    assert "RecursionError" in refusal(tmp_path, b"(l" * 20_000 + b"a" * 19_999 + b".")


def test_a_missing_file_is_pythons_own_error(tmp_path):
    with pytest.raises(FileNotFoundError, match="none.pkl"):
        load_arrays(tmp_path / "none.pkl")
