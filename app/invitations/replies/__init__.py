"""Mail that comes back: what it is and what it says. Nothing here changes anything."""
