"""Random instances of the shapes of Bedrock's runtime, as the installed botocore models them.

Nothing of the model is written down here: a member that a newer botocore has is generated without being told.
"""

from __future__ import annotations

from functools import cache
from random import Random
from typing import Any

from botocore.loaders import Loader
from botocore.model import ServiceModel, Shape
from conformance_port import base64_text, odd_text

MODEL = ServiceModel(Loader().load_service_model("bedrock-runtime", "service-2"))

# A shape, and the name of one of its members or "=" and one of its words.
Place = tuple[str, str]

MOST = {"integer": (1 << 31) - 1, "long": (1 << 63) - 1, "float": 1.0, "double": 1.0}
DEEP = 14


def is_union(shape: Shape) -> bool:
    return bool(getattr(shape, "is_tagged_union", False) or shape.serialization.get("eventstream"))


def is_document(shape: Shape) -> bool:
    return bool(getattr(shape, "is_document_type", False))


def parts(shape: Shape) -> list[Shape]:
    """The shapes that one is made of."""
    match shape.type_name:
        case "structure":
            return list(shape.members.values())
        case "list":
            return [shape.member]
        case "map":
            return [shape.key, shape.value]
    return []


@cache
def places(shape: Shape) -> frozenset[Place]:
    """All that instances of the shape can show."""
    found: set[Place] = set()
    known: set[str] = set()
    waiting = [shape]
    while waiting:
        one = waiting.pop()
        if one.name not in known:
            known.add(one.name)
            waiting += parts(one)
            found |= {(one.name, name) for name in getattr(one, "members", {})}
            found |= {(one.name, "=" + word) for word in getattr(one, "enum", [])}
    return frozenset(found)


def random_document(random: Random, depth: int = 0) -> Any:
    """Any JSON, as far as all writers and readers agree on it."""
    kind = random.randrange(5 if depth > 3 else 7)
    if kind == 5:
        return [random_document(random, depth + 1) for _ in range(random.randrange(4))]
    if kind == 6:
        return {odd_text(random, 6): random_document(random, depth + 1) for _ in range(random.randrange(4))}
    number = random.choice([0, -1, 2**63, -(2**70), random.getrandbits(40)])
    return [None, random.random() < 0.5, number, random.uniform(-1e30, 1e-30), odd_text(random, 20)][kind]


class Generator:
    """Makes instances and keeps `seen`, the places that they showed; what was not seen yet is more likely."""

    def __init__(self, random: Random, odds: float = 0.4) -> None:
        self.random = random
        self.seen: set[Place] = set()
        self._odds = odds

    def instance(self, shape: Shape, depth: int = 0) -> Any:
        if is_document(shape):
            # One that is null is none.
            return next(one for one in iter(lambda: random_document(self.random), ...) if one is not None)
        match shape.type_name:
            case "structure":
                return self.structure(shape, self._names(shape, depth), depth)
            case "list":
                return [self.instance(shape.member, depth + 1) for _ in range(self._count(shape, shape.member, depth))]
            case "map":
                count = self._count(shape, shape.value, depth)
                return {odd_text(self.random, 8, 1): self.instance(shape.value, depth + 1) for _ in range(count)}
            case _:
                return self._scalar(shape)

    def structure(self, shape: Shape, names: list[str], depth: int = 0) -> dict[str, Any]:
        """An instance with just these members, in any order."""
        self.seen |= {(shape.name, name) for name in names}
        order = self.random.sample(names, len(names))
        return {name: self.instance(shape.members[name], depth + 1) for name in order}

    def is_fresh(self, shape: Shape) -> bool:
        """Something of it was not seen yet."""
        return not places(shape) <= self.seen

    def _names(self, shape: Shape, depth: int) -> list[str]:
        members = shape.members
        fresh = [name for name in members if (shape.name, name) not in self.seen or self.is_fresh(members[name])]
        if is_union(shape):
            return [self.random.choice(fresh if fresh and self.random.random() < 0.7 else list(members))]
        odds = {name: 0.8 for name in fresh} if depth < DEEP else {}
        usual = self._odds if depth < 6 else 0.15
        required = shape.required_members
        return [name for name in members if name in required or self.random.random() < odds.get(name, usual)]

    def _count(self, shape: Shape, element: Shape, depth: int) -> int:
        least, most = int(shape.metadata.get("min", 0)), int(shape.metadata.get("max", 1 << 20))
        if self.is_fresh(element) and depth < DEEP:
            return min(least + self.random.randint(1, 3), most)
        return min(least + self.random.randrange(3 if depth < 8 else 2), most)

    def _scalar(self, shape: Shape) -> Any:
        random = self.random
        least = shape.metadata.get("min", 0)
        match shape.type_name:
            case "string":
                return self._word(shape) if shape.enum else self._text(shape)
            case "blob":
                return random.randbytes(random.randrange(40) + int(least))
            case "boolean":
                return random.random() < 0.5
            case "integer" | "long":
                most = shape.metadata.get("max", MOST[shape.type_name])
                return random.choice([least, most, random.randint(least, min(most, least + 5000))])
            case "float" | "double":
                return random.choice([0, 0.0, 1.0, random.random(), 5e-324])
        raise AssertionError(f"the model has a {shape.type_name}, which is not generated")

    def _word(self, shape: Shape) -> str:
        fresh = [word for word in shape.enum if (shape.name, "=" + word) not in self.seen]
        word = str(self.random.choice(fresh or shape.enum))
        self.seen.add((shape.name, "=" + word))
        return word

    def _text(self, shape: Shape) -> str:
        least, most = int(shape.metadata.get("min", 0)), int(shape.metadata.get("max", 1 << 20))
        return odd_text(self.random, min(least + 20, most), least)


def blobs_as_text(value: Any) -> Any:
    """As JSON carries it: blobs in base64."""
    if isinstance(value, bytes):
        return base64_text(value)
    if isinstance(value, list):
        return [blobs_as_text(element) for element in value]
    if isinstance(value, dict):
        return {name: blobs_as_text(member) for name, member in value.items()}
    return value
