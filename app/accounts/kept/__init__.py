"""Forms kept for whoever was signed out before they could send them."""
