"""Records of arrays handed to kernels by their address.

Numba passes a NamedTuple by value: every call between two kernels hands over each number that describes each of its
arrays, three hundred for a network and its scratch, and every one of them is moved, parsed and optimised on its way to
machine code. A class marked :func:`by_reference` is written into memory once, where Python calls the kernel; kernels
hand on the address and read what they use. It may not be built inside a kernel, and its arrays may not be returned
from one: nothing counts their references there, the caller in Python holds them. A record that is handed over again and
again is written once for all calls by :func:`hold`.
"""

from __future__ import annotations

import hashlib
from collections import namedtuple
from functools import cache
from typing import Any, TypeVar, cast

import numba
import numpy as np
from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.core.imputils import lower_getattr_generic
from numba.core.typing.templates import AttributeTemplate, infer_getattr
from numba.core.typing.typeof import Purpose, typeof
from numba.extending import NativeValue, models, register_model, typeof_impl, unbox
from numba.np.numpy_support import as_dtype

_I8 = ir.IntType(8)
_I32 = ir.IntType(32)
_WORD = ir.IntType(64)
_ADDRESS = _I8.as_pointer()
_WORD_BYTES = 8
# of what describes an array, in words: count of the object and its owner, items, bytes of an item, data, shape, strides
_ITEMS, _DATA, _SHAPE = 2, 4, 5
_LEAST_WORDS = _SHAPE + 2  # of an array

Record = TypeVar("Record", bound=type)
Held = TypeVar("Held", bound=tuple[Any, ...])


class Reference(types.Type):
    """Numba's type of a record in memory: ``record`` the class, ``fields`` the types of its fields, at ``words``."""

    def __init__(self, record: type, fields: tuple[types.Type, ...]) -> None:
        self.record, self.fields = record, fields
        self.words, self.n_words = [], 0
        for field in fields:
            self.words.append(self.n_words)
            self.n_words += _n_words(field)
        digest = hashlib.sha256(repr(fields).encode()).hexdigest()[:12]
        super().__init__(name=f"{record.__name__}_{digest}")

    @property
    def key(self) -> tuple[type, tuple[types.Type, ...]]:
        return self.record, self.fields


def _n_words(field: types.Type) -> int:
    if isinstance(field, types.Array):
        return int(_SHAPE + 2 * field.ndim)
    if isinstance(field, Reference):
        return field.n_words
    if isinstance(field, (types.Integer, types.Float, types.Boolean)):
        return 1
    raise TypeError(f"a record handed over by reference holds arrays, numbers and such records, not {field}")


def by_reference(record: Record) -> Record:
    """Let kernels take the NamedTuple ``record`` by its address: for those of many arrays, handed on and on."""

    @typeof_impl.register(record)
    def _typeof(value: Any, context: Any) -> Reference:
        return Reference(record, tuple(typeof_impl(field, context) for field in value))

    return record


def hold(record: Held) -> Held:
    """``record`` as kernels take it, written into memory now and not at each call.

    Its arrays may change, which arrays they are may not. Python reads its fields as those of the record.
    """
    if numba.config.DISABLE_JIT:  # type: ignore[attr-defined]
        return record
    reference = _reference(record)
    words = np.zeros(max(reference.n_words, _LEAST_WORDS), dtype=np.int64)
    _describe(reference, record, words)
    held = _held(reference)(words)
    vars(held).update(cast(Any, record)._asdict())  # which keeps the arrays alive
    return cast(Held, held)


_KNOWN: dict[Any, Reference] = {}


def _reference(record: Any) -> Reference:
    """Numba's type of a record; asking for it takes a millisecond, so those that are known are told by their fields."""
    key = _kind(record)
    if key not in _KNOWN:
        _KNOWN[key] = typeof(record, Purpose.argument)
    return _KNOWN[key]


def _kind(value: Any) -> Any:
    if isinstance(value, np.ndarray):
        return value.dtype, value.ndim, value.flags.num
    return (type(value), *map(_kind, value)) if isinstance(value, tuple) else type(value)


@cache
def _held(reference: Reference) -> Any:
    """Tuples of one array: a class for each type of record, as Numba knows tuples by their class and their fields."""
    assert len(reference.fields) > 1, f"{reference.record.__name__} has one field: hand over its array"
    kind = type(reference.name, (namedtuple("Held", "words"),), {})
    typeof_impl.register(kind, lambda held, context: reference)
    return kind


def _describe(reference: Reference, record: Any, words_out: Any) -> None:
    for field, word, value in zip(reference.fields, reference.words, record, strict=True):
        if isinstance(field, Reference):
            _describe(field, value, words_out[word:])
        elif isinstance(field, types.Array):
            words_out[word + _ITEMS], words_out[word + _DATA] = value.size, value.ctypes.data
            words_out[word + _SHAPE : word + _SHAPE + 2 * field.ndim] = *value.shape, *value.strides
        else:
            words_out[word : word + 1].view(as_dtype(field))[0] = value


@register_model(Reference)
class _ReferenceModel(models.PrimitiveModel):
    def __init__(self, dmm: Any, fe_type: Reference) -> None:
        super().__init__(dmm, fe_type, _ADDRESS)


@infer_getattr
class _Fields(AttributeTemplate):
    key = Reference

    def generic_resolve(self, reference: Reference, name: str) -> Any:  # type: ignore[override]
        names = reference.record._fields  # type: ignore[attr-defined]
        return reference.fields[names.index(name)] if name in names else None


@lower_getattr_generic(Reference)
def _read_field(context: Any, builder: Any, reference: Reference, address: Any, name: str) -> Any:
    place = reference.record._fields.index(name)  # type: ignore[attr-defined]
    field, word = reference.fields[place], reference.words[place]
    if isinstance(field, Reference):
        return _at(builder, address, word)
    if not isinstance(field, types.Array):
        model = context.data_model_manager[field]
        return model.from_data(builder, _read(builder, address, word, model.get_data_type()))
    # by the number, as LLVM reads what it needs of them; no counts, which the caller in Python keeps
    array = context.make_array(field)(context, builder)
    array.meminfo = cgutils.get_null_value(array.meminfo.type)
    array.parent = cgutils.get_null_value(array.parent.type)
    array.nitems = _read(builder, address, word + _ITEMS, _WORD)
    array.itemsize = context.get_constant(types.intp, context.get_abi_sizeof(context.get_data_type(field.dtype)))
    array.data = _read(builder, address, word + _DATA, array.data.type)
    extents = [_read(builder, address, word + _SHAPE + k, _WORD) for k in range(2 * field.ndim)]
    array.shape = cgutils.pack_array(builder, extents[: field.ndim])
    array.strides = cgutils.pack_array(builder, extents[field.ndim :])
    return array._getvalue()


def _at(builder: Any, address: Any, word: int) -> Any:
    return builder.gep(address, [_WORD(word * _WORD_BYTES)], inbounds=True)


def _read(builder: Any, address: Any, word: int, kind: Any) -> Any:
    value = builder.load(builder.bitcast(_at(builder, address, word), kind.as_pointer()))
    # never written while a kernel runs: may be read once, before a loop that writes elsewhere
    value.set_metadata("invariant.load", builder.module.add_metadata([]))
    return value


@unbox(Reference)
def _write_record(reference: Reference, record: Any, c: Any) -> NativeValue:
    memory = cgutils.alloca_once(c.builder, ir.ArrayType(_WORD, max(reference.n_words, _LEAST_WORDS)))
    written = c.builder.bitcast(memory, _ADDRESS)
    place = cgutils.alloca_once_value(c.builder, written)
    failed = cgutils.alloca_once_value(c.builder, cgutils.false_bit)
    is_held = c.builder.icmp_signed("==", c.pyapi.tuple_size(record), ir.Constant(c.pyapi.py_ssize_t, 1))
    is_held = c.builder.and_(is_held, ir.Constant(ir.IntType(1), len(reference.fields) > 1))
    with c.builder.if_else(is_held) as (held, plain):
        with held:
            _write_arrays([0], [0], record, c, written, failed)
            data = c.builder.bitcast(_at(c.builder, written, _DATA), _ADDRESS.as_pointer())
            c.builder.store(c.builder.load(data), place)
        with plain:
            _write_fields(reference, record, c, written, failed)
    address, is_error = c.builder.load(place), c.builder.load(failed)
    with c.builder.if_then(is_error, likely=False):
        c.pyapi.err_set_string("PyExc_TypeError", f"{reference.record.__name__} holds what is no array")
    # passed through what LLVM cannot see into: fields are read as what never changes, also before they were written
    kind = ir.FunctionType(_ADDRESS, [_ADDRESS])
    address = c.builder.asm(kind, "", "=r,0,~{memory}", [address], side_effect=True)
    return NativeValue(address, is_error=is_error)


def _write_fields(reference: Reference, record: Any, c: Any, address: Any, failed: Any) -> None:
    arrays = [place for place, field in enumerate(reference.fields) if isinstance(field, types.Array)]
    if arrays:
        _write_arrays(arrays, [reference.words[place] for place in arrays], record, c, address, failed)
    for place, (field, word) in enumerate(zip(reference.fields, reference.words, strict=True)):
        if place in arrays:
            continue
        item = c.pyapi.tuple_getitem(record, place)
        if isinstance(field, Reference):
            _write_fields(field, item, c, _at(c.builder, address, word), failed)
            continue
        native = c.unbox(field, item)
        data = c.context.data_model_manager[field].as_data(c.builder, native.value)
        c.builder.store(data, c.builder.bitcast(_at(c.builder, address, word), data.type.as_pointer()))
        c.builder.store(c.builder.or_(c.builder.load(failed), native.is_error), failed)


def _write_arrays(places: list[int], words: list[int], record: Any, c: Any, address: Any, failed: Any) -> None:
    """Describe the arrays at ``places`` of the record, one after another."""
    builder = c.builder
    kind = ir.ArrayType(_I32, len(places))
    tables = [cgutils.global_constant(builder, f"{name}.of.record", kind(numbers))
              for name, numbers in (("places", places), ("words", words))]  # fmt: skip
    describe = cgutils.get_or_insert_function(
        builder.module, ir.FunctionType(_I32, [c.pyapi.pyobj, _ADDRESS]), "numba_adapt_ndarray"
    )
    get_item = cgutils.get_or_insert_function(
        builder.module, ir.FunctionType(c.pyapi.pyobj, [c.pyapi.pyobj, c.pyapi.py_ssize_t]), "PyTuple_GetItem"
    )
    with cgutils.for_range(builder, c.context.get_constant(types.intp, len(places))) as loop:
        place, word = (builder.zext(builder.load(builder.gep(table, [_I32(0), loop.index])), _WORD) for table in tables)
        item = builder.call(get_item, [record, place])
        target = builder.gep(address, [builder.mul(word, _WORD(_WORD_BYTES))])
        wrong = builder.icmp_signed("!=", builder.call(describe, [item, target]), _I32(0))
        builder.store(builder.or_(builder.load(failed), wrong), failed)
