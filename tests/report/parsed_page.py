"""A page taken apart by the standard library's parser, which checks on the way that tags are balanced."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from html.parser import HTMLParser

VOID = {"meta", "link", "img", "br", "hr", "input"}


@dataclass
class Element:
    """A tag with its attributes; children are elements and texts."""

    tag: str
    attributes: dict[str, str | None] = field(default_factory=dict)
    children: list[Element | str] = field(default_factory=list)

    @property
    def classes(self) -> list[str]:
        return (self.attributes.get("class") or "").split()

    @property
    def text(self) -> str:
        return "".join(child if isinstance(child, str) else child.text for child in self.children)

    def all(self, tag: str | None = None, class_: str | None = None) -> Iterator[Element]:
        """Every element below, in order."""
        for child in self.children:
            if isinstance(child, Element):
                if tag in (None, child.tag) and (class_ is None or class_ in child.classes):
                    yield child
                yield from child.all(tag, class_)

    def without(self, *what: str) -> str:
        """The text outside of the tags and classes named."""
        return "".join(
            child if isinstance(child, str) else child.without(*what)
            for child in self.children
            if isinstance(child, str) or not {child.tag, *child.classes} & set(what)
        )


class Page(HTMLParser):
    """The root element of a page, and its source."""

    def __init__(self, source: str) -> None:
        super().__init__(convert_charrefs=True)
        self.source = source
        self.root = Element("root")
        self._open = [self.root]
        self.feed(source)
        self.close()
        assert self._open == [self.root], f"left open: {[element.tag for element in self._open[1:]]}"

    def handle_starttag(self, tag, attrs) -> None:
        assert len(dict(attrs)) == len(attrs), f"an attribute twice in {tag}"
        element = Element(tag, dict(attrs))
        self._open[-1].children.append(element)
        if tag not in VOID:
            self._open.append(element)

    def handle_startendtag(self, tag, attrs) -> None:
        self._open[-1].children.append(Element(tag, dict(attrs)))

    def handle_endtag(self, tag) -> None:
        assert self._open[-1].tag == tag, f"{tag} closes {self._open[-1].tag}"
        self._open.pop()

    def handle_data(self, data) -> None:
        self._open[-1].children.append(data)

    def all(self, tag: str | None = None, class_: str | None = None) -> list[Element]:
        return list(self.root.all(tag, class_))

    def section(self, anchor: str) -> Element:
        return next(s for s in self.root.all("section") if s.attributes.get("id") == anchor)

    @property
    def anchors(self) -> list[str]:
        return [s.attributes["id"] for s in self.root.all("section") if "id" in s.attributes]
