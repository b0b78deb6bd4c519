"""The encoder as an ONNX graph, written by hand: a few hundred bytes of structure around the base weights.

ONNX files are protocol buffers. Writing the dozen fields needed takes less than the libraries that
export them, none of which a user of threadbot has. The operators are the fused ones that onnxruntime
carries for exactly this kind of encoder.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from collections.abc import Mapping

Array = NDArray[Any]

LAYERS, HEADS, EPSILON = 6, 12, 1e-12
_TYPES = {"float32": 1, "uint8": 2, "int8": 3, "int32": 6, "int64": 7}
_OPSETS = {"": 17, "com.microsoft": 1}
_IR_VERSION = 8
_SEVEN_BITS = 63
_TYPES_INT = 2  # the attribute holds a whole number


def encoder(weights: Mapping[str, Array], *, eight_bits: bool = False) -> bytes:
    """Return the model: `embedded` (n, length, 384) and `mask` (n, length) int32 in, `vectors` (n, 384) out.

    `weights` are the base model's by their names. `embedded` is the sum of the tokens', the positions'
    and the type's rows; `vectors` are the mean over each text's tokens, of unit length. With
    `eight_bits` the products that follow a normalisation, two thirds of the work, are of whole numbers.
    """
    graph = _Graph(weights, eight_bits)
    norm = "embeddings.LayerNorm"
    hidden = graph.add(
        "LayerNormalization",
        ["embedded", graph.weight(f"{norm}.weight"), graph.weight(f"{norm}.bias")],
        axis=-1,
        epsilon=EPSILON,
    )
    for layer in range(LAYERS):
        hidden = _layer(graph, f"encoder.layer.{layer}", hidden, norm)
        norm = f"encoder.layer.{layer}.output.LayerNorm"
    _pooled(graph, hidden)
    return graph.model()


def _layer(graph: _Graph, name: str, hidden: str, before: str) -> str:
    """Return a layer's result; `before` names the normalisation whose result it gets."""
    own = f"{name}.attention.self"
    parts = ("query", "key", "value")
    weight = np.concatenate([graph.weights[f"{own}.{part}.weight"].T for part in parts], axis=1)
    bias = np.concatenate([graph.weights[f"{own}.{part}.bias"] for part in parts])
    if graph.eight_bits:
        three = graph.split(graph.small_product(hidden, weight, own, before, bias), len(parts))
        attended = graph.add(
            "MultiHeadAttention", [*three, "", "mask"], domain="com.microsoft", num_heads=HEADS
        )
    else:
        inputs = [graph.constant(weight, f"{own}.weight"), graph.constant(bias, f"{own}.bias"), "mask"]
        attended = graph.add("Attention", [hidden, *inputs], domain="com.microsoft", num_heads=HEADS)
    hidden = _joined(graph, f"{name}.attention.output", attended, hidden)
    dense = f"{name}.intermediate.dense"
    if graph.eight_bits:
        inner = graph.small_product(
            hidden, graph.weights[f"{dense}.weight"].T, dense, f"{name}.attention.output.LayerNorm"
        )
    else:
        inner = graph.linear(hidden, dense)
    inner = graph.add(
        "BiasGelu", [inner, graph.weight(f"{name}.intermediate.dense.bias")], domain="com.microsoft"
    )
    return _joined(graph, f"{name}.output", inner, hidden)


def _joined(graph: _Graph, name: str, found: str, hidden: str) -> str:
    """Return a part's result, through its last matrix, added to what went in and normalised."""
    norm = f"{name}.LayerNorm"
    inputs = [
        graph.linear(found, f"{name}.dense"),
        hidden,
        graph.weight(f"{norm}.weight"),
        graph.weight(f"{norm}.bias"),
    ]
    return graph.add(
        "SkipLayerNormalization",
        [*inputs, graph.weight(f"{name}.dense.bias")],
        domain="com.microsoft",
        epsilon=EPSILON,
    )


def _pooled(graph: _Graph, hidden: str) -> None:
    share = graph.add("Cast", ["mask"], to=_TYPES["float32"])
    share = graph.add("Unsqueeze", [share, graph.constant(np.array([1]), "one")])
    summed = graph.add("MatMul", [share, hidden])
    summed = graph.add("Squeeze", [summed, "one"])
    # Of unit length whatever it is divided by, so the sum does for the mean.
    graph.add("LpNormalization", [summed], output="vectors", axis=-1, p=2)


@dataclass
class _Graph:
    """Nodes and constants as they are added; names are made up in order."""

    weights: Mapping[str, Array]
    eight_bits: bool
    nodes: list[bytes] = field(default_factory=list)
    constants: list[bytes] = field(default_factory=list)

    def add(
        self, operator: str, inputs: list[str], *, domain: str = "", output: str = "", **attributes: float
    ) -> str:
        """Add a node and return the name of its one output."""
        output = output or f"t{len(self.nodes)}"
        body = b"".join(_text(1, name) for name in inputs) + _text(2, output) + _text(4, operator)
        for name, value in attributes.items():
            kind = (
                _number(3, value) + _number(20, 2)
                if isinstance(value, int)
                else _float(2, value) + _number(20, 1)
            )
            body += _block(5, _text(1, name) + kind)
        self.nodes.append(_block(1, body + _text(7, domain)))
        return output

    def linear(self, source: str, name: str) -> str:
        """Add a dense layer without its bias, which the node that follows adds."""
        return self.add("MatMul", [source, self.constant(self.weights[f"{name}.weight"].T, f"{name}.weight")])

    def small_product(
        self, source: str, weight: Array, name: str, norm: str, bias: Array | None = None
    ) -> str:
        """Add a product of whole numbers: the matrix's columns scaled, the source's range found as it runs.

        Seven of the eight bits are used, because processors without VNNI add pairs of products in
        sixteen. One wide channel of the source would take the precision of all others, so its width,
        as the normalisation `norm` before it tells, is shared between source and matrix.
        """
        width = np.abs(self.weights[f"{norm}.bias"]) + 3 * np.abs(self.weights[f"{norm}.weight"])
        even = np.sqrt(np.abs(weight).max(axis=1) / width).astype(np.float32)
        even /= np.exp(np.log(even).mean())
        source = self.add("Mul", [source, self.constant(even, f"{name}.even")])
        weight = weight / even[:, None]
        scale = (np.abs(weight).max(axis=0) / _SEVEN_BITS).astype(np.float32)
        inputs = [
            source,
            self.constant(np.rint(weight / scale).astype(np.int8), f"{name}.weight"),
            self.constant(scale, f"{name}.scale"),
            self.constant(np.zeros(len(scale), np.int8), f"{name}.zero"),
        ]
        if bias is not None:
            inputs.append(self.constant(bias, f"{name}.bias"))
        return self.add("DynamicQuantizeMatMul", inputs, domain="com.microsoft")

    def split(self, source: str, parts: int) -> list[str]:
        """Add a split of the last axis into equal parts of the model's width, and return their names."""
        width = self.weights["embeddings.LayerNorm.bias"].shape[0]
        sizes = self.constant(np.full(parts, width), f"{source}.sizes")
        names = [f"{source}.{part}" for part in range(parts)]
        body = _text(1, source) + _text(1, sizes) + b"".join(_text(2, name) for name in names)
        axis = _block(5, _text(1, "axis") + _number(3, -1) + _number(20, _TYPES_INT))
        self.nodes.append(_block(1, body + _text(4, "Split") + axis))
        return names

    def weight(self, name: str) -> str:
        """Add a weight under its own name."""
        return self.constant(self.weights[name], name)

    def constant(self, value: Array, name: str) -> str:
        """Add a constant and return its name."""
        value = np.ascontiguousarray(value)
        body = b"".join(_number(1, size) for size in value.shape)
        body += _number(2, _TYPES[value.dtype.name]) + _text(8, name) + _block(9, value.tobytes())
        self.constants.append(_block(5, body))
        return name

    def model(self) -> bytes:
        """Return the whole as a model file's bytes."""
        width = self.weights["embeddings.LayerNorm.bias"].shape[0]
        body = b"".join(self.nodes) + _text(2, "encoder") + b"".join(self.constants)
        body += _block(11, _value("embedded", "float32", ("n", "length", width)))
        body += _block(11, _value("mask", "int32", ("n", "length")))
        body += _block(12, _value("vectors", "float32", ("n", width)))
        opsets = b"".join(
            _block(8, _text(1, name) + _number(2, version)) for name, version in _OPSETS.items()
        )
        return _number(1, _IR_VERSION) + opsets + _block(7, body)


def _value(name: str, kind: str, shape: tuple[str | int, ...]) -> bytes:
    sizes = (_text(2, size) if isinstance(size, str) else _number(1, size) for size in shape)
    tensor = _number(1, _TYPES[kind]) + _block(2, b"".join(_block(1, size) for size in sizes))
    return _text(1, name) + _block(2, _block(1, tensor))


def _varint(value: int) -> bytes:
    value &= (1 << 64) - 1
    found = bytearray()
    while value > 127:
        found.append(value & 127 | 128)
        value >>= 7
    return bytes([*found, value])


def _number(tag: int, value: int) -> bytes:
    return _varint(tag << 3) + _varint(value)


def _float(tag: int, value: float) -> bytes:
    return _varint(tag << 3 | 5) + struct.pack("<f", value)


def _block(tag: int, body: bytes) -> bytes:
    return _varint(tag << 3 | 2) + _varint(len(body)) + body


def _text(tag: int, text: str) -> bytes:
    return _block(tag, text.encode())
