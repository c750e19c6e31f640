"""``python -m doseesc``: the same as the console script ``doseesc``."""

from doseesc.start import main

if __name__ == "__main__":
    main()
