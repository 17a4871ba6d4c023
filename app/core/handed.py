"""What the factory hands to a floor that must not import where it comes from.

A floor that has to ask a room above it declares the question, with the type of the answer, as a
`Handed`; the factory gives it the answer when it assembles the application. What belongs to one
application and not to the process, such as its settings, travels in the same way.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Generic, TypeVar

from flask import current_app
from flask.sansio.app import App

Given = TypeVar("Given")


@dataclass(frozen=True)
class Handed(Generic[Given]):
    """One thing that the factory hands in, by the name under which the application keeps it."""

    name: str

    def give(self, app: App, what: Given) -> None:
        """Hand it to this application."""
        app.extensions[self.name] = what

    def of(self, app: App) -> Given:
        """What this application was given. Raises KeyError where nothing was."""
        found: Given = app.extensions[self.name]
        return found

    def here(self) -> Given:
        """What the application that answers was given. Raises KeyError where nothing was."""
        return self.of(current_app)
