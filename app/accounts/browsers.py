"""Which browser somebody signed in with, in words by which its owner knows it again (H1)."""

from __future__ import annotations

from flask import request

# Looked for in this order: most browsers also claim to be those further down.
_BROWSERS = (
    ("Edg", "Edge"), ("OPR/", "Opera"), ("Firefox/", "Firefox"), ("FxiOS/", "Firefox"),
    ("CriOS/", "Chrome"), ("Chrome/", "Chrome"), ("Safari/", "Safari"),
)  # fmt: skip
_SYSTEMS = (
    ("iPhone", "iPhone"), ("iPad", "iPad"), ("Android", "Android"), ("Windows", "Windows"),
    ("Mac OS X", "Mac"), ("CrOS", "ChromeOS"), ("Linux", "Linux"),
)  # fmt: skip


def browser_words(user_agent: str) -> str:
    """What a browser says of itself, in a few words: Firefox on Windows."""
    browser = next((name for mark, name in _BROWSERS if mark in user_agent), "A browser")
    system = next((name for mark, name in _SYSTEMS if mark in user_agent), "")
    return f"{browser} on {system}" if system else browser


def this_browser() -> str:
    """The browser behind this request and the address it came from."""
    words = browser_words(request.user_agent.string)
    return f"{words}, {request.remote_addr}" if request.remote_addr else words
