"""The example area: a borough that does not exist, in a busy week (I1)."""
