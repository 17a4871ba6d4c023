"""`flask backup` and `flask restore` as commands."""

from __future__ import annotations


def run(app, *args):
    return app.test_cli_runner().invoke(args=[str(one) for one in args])


def taken(app, file):
    done = run(app, "backup", file)
    assert done.exit_code == 0, done.output
    return done


def restored(app, file):
    done = run(app, "restore", file)
    assert done.exit_code == 0, done.output
    return done
