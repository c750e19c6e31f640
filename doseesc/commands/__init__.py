"""The commands, one per file; each adds itself to the command line by its function ``add_to``.

They stay thin: parse, load, call the library, show.  Heavy imports belong inside the functions.
"""
