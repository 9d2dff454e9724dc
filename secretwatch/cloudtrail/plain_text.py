"""A file's bytes as text: decompressed, and decoded by their byte order mark."""

from __future__ import annotations

import codecs
import zlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

CHUNK = 1 << 20
"""Bytes that are worth reading at a time."""


@dataclass(frozen=True)
class Hole:
    """A piece that could not be read; `text` as in `reader.Broken`."""

    why: str
    text: str | None = None


_BOMS = ((codecs.BOM_UTF8, "utf-8"), (codecs.BOM_UTF16_LE, "utf-16-le"), (codecs.BOM_UTF16_BE, "utf-16-be"))


def texts(chunks: Iterable[bytes]) -> Iterator[str | Hole]:
    """The text, in pieces; what is broken of the bytes is told where it stands."""
    decoder: codecs.IncrementalDecoder | None = None
    head = b""
    for chunk in _plain(chunks):
        if isinstance(chunk, Hole):
            yield chunk
            continue
        if decoder is None:
            head += chunk
            if len(head) < 4:
                continue
            decoder, chunk = _decoder(head)
        if text := decoder.decode(chunk):
            yield text
    if decoder is None:
        decoder, head = _decoder(head)
        yield decoder.decode(head)
    if text := decoder.decode(b"", final=True):
        yield text


def _decoder(head: bytes) -> tuple[codecs.IncrementalDecoder, bytes]:
    for bom, name in _BOMS:
        if head.startswith(bom):
            return codecs.getincrementaldecoder(name)(errors="replace"), head[len(bom) :]
    return codecs.getincrementaldecoder("utf-8")(errors="replace"), head


_GZIP = b"\x1f\x8b"
# How other forms begin. https://en.wikipedia.org/wiki/List_of_file_signatures
_OTHERS = {
    b"PK\x03\x04": "it is a zip archive: unpack it first",
    b"PAR1": "it is a Parquet file: export it as JSON",
    b"BZh": "it is compressed with bzip2: unpack it first",
    b"\xfd7zXZ": "it is compressed with xz: unpack it first",
    b"(\xb5/\xfd": "it is compressed with zstd: unpack it first",
}


def _plain(chunks: Iterable[bytes]) -> Iterator[bytes | Hole]:
    """The bytes, decompressed if they begin as gzip does; pieces are at most `CHUNK` long."""
    iterator = iter(chunks)
    head = b""
    for chunk in iterator:
        head += chunk
        if len(head) >= 5:
            break
    for begins, why in _OTHERS.items():
        if head.startswith(begins):
            yield Hole(why)
            return
    if not head.startswith(_GZIP):
        if head:
            yield head
        yield from iterator
        return
    inflater = zlib.decompressobj(31)
    begun = False
    data = head
    while True:
        try:
            while data:
                begun = True
                yield inflater.decompress(data, CHUNK)
                data = inflater.unconsumed_tail
                if inflater.eof:
                    # Members may follow each other, and zeros the last.
                    data = inflater.unused_data.lstrip(b"\0")
                    inflater = zlib.decompressobj(31)
                    begun = False
        except zlib.error:
            yield Hole("the gzip data is damaged: what follows is lost")
            return
        following = next(iterator, None)
        if following is None:
            break
        data = following
    if rest := inflater.flush():
        yield rest
    if begun:
        yield Hole("the gzip data is cut off")
