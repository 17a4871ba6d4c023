"""The chair's page without a browser: what it would send, and one field sent by itself."""

from __future__ import annotations

import re
from html import unescape

from flask.testing import FlaskClient


def page_of(browser: FlaskClient, case) -> str:
    answer = browser.get(f"/discussions/{case.ref}/hold")
    assert answer.status_code == 200
    return answer.text


def token_in(page: str) -> str:
    found = re.search(r'name="csrf_token" value="([^"]+)"', page)
    assert found
    return found[1]


def sent_by(page: str) -> dict[str, str]:
    """What a browser without script would send, untouched."""
    form: dict[str, str] = {}
    for tag in re.findall(r"<input[^>]+>", page):
        parts = dict(re.findall(r'([\w-]+)="([^"]*)"', tag))
        kind = parts.get("type")
        if "name" in parts and (kind in ("hidden", "text") or " checked" in tag):
            form[unescape(parts["name"])] = unescape(parts.get("value", ""))
    texts = re.findall(r'<textarea[^>]*name="([^"]+)"[^>]*>\n?(.*?)</textarea>', page, re.S)
    for name, text in texts:
        form[unescape(name)] = unescape(text)
    for name, options in re.findall(r'<select[^>]*name="([^"]+)"[^>]*>(.*?)</select>', page, re.S):
        values = re.findall(r'<option value="([^"]*)"( selected)?', options)
        chosen = [value for value, selected in values if selected] or [values[0][0]]
        form[unescape(name)] = unescape(chosen[0])
    return form


def save(browser: FlaskClient, case, scope: str, field: str, value: str, version: int = 0):
    return browser.post(
        f"/discussions/{case.ref}/hold/field",
        data={
            "scope": scope,
            "field": field,
            "value": value,
            "version": version,
            "csrf_token": token_in(page_of(browser, case)),
        },
        headers={"X-Autosave": "1"},
    )
