"""The record as a document: from the content that the chair signs to each reader's sealed PDF.

Everything in this room is a function from values to values or bytes; it knows no database and no
request. `canonical` gives the bytes whose hash is signed, `readers` decides who may see which
protected field, `render` prints, `seal` and `verify` are the authority's seal.
"""
