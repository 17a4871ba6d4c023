"""Backups: one encrypted file that holds the database and what belongs to it (H5)."""
