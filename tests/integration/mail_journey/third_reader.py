"""Calendar entries as ical.js reads them in a browser, beside the two libraries of Python."""

from __future__ import annotations

import json
import shutil
import subprocess
from html import unescape
from pathlib import Path

LIBRARY = next((Path(__file__).parent / "icaljs").glob("ical*.js"))
# What a reader acts on; ATTENDEE is counted, since one entry is for one mailbox.
_READ = """
const read = text => {
  const calendar = new ICAL.Component(ICAL.parse(text));
  const event = calendar.getFirstSubcomponent("vevent");
  const moment = name => event.getFirstPropertyValue(name).toJSDate().toISOString();
  return [
    calendar.getFirstPropertyValue("method"), event.getFirstPropertyValue("uid"),
    event.getFirstPropertyValue("sequence"), moment("dtstart"), moment("dtend"),
    event.getAllProperties("attendee").length, event.getFirstPropertyValue("summary"),
  ];
};
document.body.textContent = JSON.stringify(entries.map(read));
"""


def read_by_ical_js(entries: list[str], folder: Path) -> list[list[object]]:
    """METHOD, UID, SEQUENCE, start and end (UTC, as ISO 8601), attendees and SUMMARY of each."""
    chromium = shutil.which("chromium") or shutil.which("chromium-browser")
    if chromium is None:
        raise RuntimeError("Chromium is missing: bin/test installs it.")
    shutil.copy(LIBRARY, folder / "ical.js")
    (folder / "entries.js").write_text(f"const entries = {json.dumps(entries)};\n{_READ}")
    page = folder / "page.html"
    page.write_text('<body><script src="ical.js"></script><script src="entries.js"></script>')
    done = subprocess.run(
        [chromium, "--headless", "--no-sandbox", "--disable-gpu", f"--user-data-dir={folder}",
         "--dump-dom", page.as_uri()],
        check=True, capture_output=True, text=True, timeout=60,
    )  # fmt: skip
    body = done.stdout.partition("<body>")[2].partition("</body>")[0]
    read: list[list[object]] = json.loads(unescape(body))
    return read
