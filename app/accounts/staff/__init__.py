"""Looking after staff: who has an account, what they may do, who has left (H1)."""
