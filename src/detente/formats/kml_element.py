"""An element of KML, as far as it is kept: the small tree of one Placemark."""

from collections.abc import Iterator

from detente.errors import InputError

_NO_ATTRIBUTES: dict[str, str] = {}


class Element:
    """Its local name (empty if it is of a namespace that is not KML's), the attributes ``id`` and
    ``name``, its children, and its text, of elements whose text means something."""

    # Hundreds of thousands may be alive, so none holds an empty container of its own.
    __slots__ = ("attributes", "children", "name", "pieces")

    def __init__(self, name: str, attributes: dict[str, str]) -> None:
        self.name = name
        self.attributes = attributes or _NO_ATTRIBUTES
        self.children: tuple[Element, ...] | list[Element] = ()
        self.pieces: tuple[str, ...] | list[str] = ()

    def add(self, child: "Element") -> None:
        """Put a child after the others."""
        if isinstance(self.children, tuple):
            self.children = []
        self.children.append(child)

    def say(self, text: str) -> None:
        """Put a piece of text after the others."""
        if isinstance(self.pieces, tuple):
            self.pieces = []
        self.pieces.append(text)

    @property
    def text(self) -> str:
        """All of its own text, without blanks around it."""
        return "".join(self.pieces).strip()

    def every(self, *names: str) -> Iterator["Element"]:
        """The children of these names, in order."""
        return (child for child in self.children if child.name in names)

    def only(self, *names: str) -> "Element | None":
        """The child of one of these names; InputError if there are several."""
        found = list(self.every(*names))
        if len(found) > 1:
            raise InputError(f"{names[0]} stands twice in a {self.name}", remedy="leave one")
        return found[0] if found else None

    def text_of(self, name: str) -> str | None:
        """The text of the child of this name, if there is one."""
        child = self.only(name)
        return None if child is None else child.text
