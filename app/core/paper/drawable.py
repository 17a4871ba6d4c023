"""Text that every font and every PDF/A check can take.

PDF/A forbids a glyph that no font has and a character without a meaning of its own, and the
pictures of a colour font break it too. A pictograph is therefore given by its name, as in
[grinning face], which says the same aloud; anything else that cannot be drawn by its number, as in
[U+E001], so that a reader sees that something stands there. The attached record.json keeps the
text as it was typed.
"""

from __future__ import annotations

import ctypes
import ctypes.util
import re
import unicodedata
from functools import lru_cache

PICTOGRAPHS = range(0x1F000, 0x1FC00)
JOINERS = frozenset("\u200c\u200d")
LINE_ENDS = re.compile("\r\n|[\n\r\u2028\u2029\u0085]")
STYLE_SELECTORS = re.compile("[\ufe00-\ufe0f\u00ad\u200b]")
SURELY_DRAWN = re.compile("[\n\x20-\x7e\xa0-\xac\xae-\xff\u2013\u2014\u2018\u2019\u201c\u201d]*")


class FontsMissing(RuntimeError):
    """The system's font library cannot be read."""


def drawable(text: str) -> str:
    """The text with unified line ends, and what cannot be drawn shown by its name or number.

    Control characters, private and unassigned ones and those that reverse the reading order are
    never drawn: a name must not change how the line around it reads (H7).
    Raises `FontsMissing` where the font library is not installed.
    """
    if SURELY_DRAWN.fullmatch(text):
        return text
    text = STYLE_SELECTORS.sub("", LINE_ENDS.sub("\n", text)).replace("\t", " ")
    return "".join(map(_drawn, text))


# A letter of each script that names in England are often written in, beside the record's own.
_SCRIPTS = {
    "Greek": "π", "Cyrillic": "ш", "Arabic": "م", "Hebrew": "ש", "Gurmukhi": "ਗ", "Bengali": "র",
    "Devanagari": "स", "Gujarati": "ગ", "Tamil": "த", "Sinhala": "ක", "Ethiopic": "አ",
    "Thai": "ส", "Chinese": "李", "Korean": "김",
}  # fmt: skip


def scripts_without_font() -> list[str]:
    """The scripts of which the installed fonts have no letters: names in them are shown by number.

    Raises `FontsMissing` where the font library is not installed.
    """
    return [script for script, letter in _SCRIPTS.items() if not _fonts().has(ord(letter))]


@lru_cache(maxsize=4096)
def _drawn(character: str) -> str:
    if character == "\n" or character in JOINERS or SURELY_DRAWN.fullmatch(character):
        return character
    if unicodedata.category(character)[0] == "Z":
        return " "
    category, code_point = unicodedata.category(character), ord(character)
    if category[0] == "S" and (code_point in PICTOGRAPHS or _fonts().in_colour(code_point)):
        return f"[{unicodedata.name(character).lower()}]"
    if category[0] == "C" or not _fonts().has(code_point):
        return f"[U+{code_point:04X}]"
    return character


class _SystemFonts:
    """The characters that the installed outline fonts have, and those that colour fonts have."""

    def __init__(self) -> None:
        name = ctypes.util.find_library("fontconfig") or "libfontconfig.so.1"
        try:
            self._library = ctypes.CDLL(name)
        except OSError as error:
            raise FontsMissing(
                "The font library fontconfig is missing: install libfontconfig1 "
                "(it comes with libpangoft2-1.0-0) and fonts-liberation."
            ) from error
        library = self._library
        for call in ("FcInitLoadConfigAndFonts", "FcPatternCreate", "FcCharSetCreate"):
            getattr(library, call).restype = ctypes.c_void_p
        library.FcObjectSetCreate.restype = ctypes.c_void_p
        library.FcFontList.restype = ctypes.POINTER(_FontSet)
        library.FcCharSetHasChar.argtypes = (ctypes.c_void_p, ctypes.c_uint32)
        library.FcCharSetMerge.argtypes = (ctypes.c_void_p, ctypes.c_void_p, ctypes.c_void_p)
        config = ctypes.c_void_p(library.FcInitLoadConfigAndFonts())
        self._outlines = self._characters(config, outline=True, color=False)
        self._pictures = self._characters(config, color=True)
        library.FcConfigDestroy(config)

    def has(self, code_point: int) -> bool:
        return bool(self._library.FcCharSetHasChar(self._outlines, code_point))

    def in_colour(self, code_point: int) -> bool:
        return bool(self._library.FcCharSetHasChar(self._pictures, code_point))

    def _characters(self, config: ctypes.c_void_p, **wished: bool) -> ctypes.c_void_p:
        library = self._library
        merged = ctypes.c_void_p(library.FcCharSetCreate())
        pattern = ctypes.c_void_p(library.FcPatternCreate())
        for trait, value in wished.items():
            library.FcPatternAddBool(pattern, trait.encode(), int(value))
        wanted = ctypes.c_void_p(library.FcObjectSetCreate())
        library.FcObjectSetAdd(wanted, b"charset")
        found = library.FcFontList(config, pattern, wanted)
        for index in range(found.contents.count):
            characters = ctypes.c_void_p()
            font = ctypes.c_void_p(found.contents.fonts[index])
            missing = library.FcPatternGetCharSet(font, b"charset", 0, ctypes.byref(characters))
            if not missing:
                library.FcCharSetMerge(merged, characters, None)
        library.FcFontSetDestroy(found)
        library.FcObjectSetDestroy(wanted)
        library.FcPatternDestroy(pattern)
        return merged


class _FontSet(ctypes.Structure):
    _fields_ = (
        ("count", ctypes.c_int),
        ("size", ctypes.c_int),
        ("fonts", ctypes.POINTER(ctypes.c_void_p)),
    )


@lru_cache(maxsize=1)
def _fonts() -> _SystemFonts:
    return _SystemFonts()
