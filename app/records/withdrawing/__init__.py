"""The links that one invited person was sent, withdrawn (D3)."""
