"""What `flask` can do. Each command is loaded when it is asked for: serving pages needs none."""

from __future__ import annotations

from importlib import import_module

import click
from flask.cli import AppGroup

# Modules here that hold a command, or a group of them, of their own name.
COMMANDS = (
    "protocols",
    "worker",
    "staff",
    "audit",
    "keys",
    "install",
    "serve",
    "records",
    "retention",
    "mail",
    "backup",
    "restore",
    "doctor",
)


class Commands(AppGroup):
    """The commands of these modules by name, beside what libraries add."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return sorted({*COMMANDS, *super().list_commands(ctx)})

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in COMMANDS:
            return super().get_command(ctx, cmd_name)
        found: click.Command = getattr(import_module(f"app.cli.{cmd_name}"), cmd_name)
        return found
