"""`python -m gradlint`."""

import os
import sys

if sys.path[0] in ("", os.getcwd()):
    del sys.path[0]  # a random.py in this folder must not be imported

from gradlint.cli import main

if __name__ == "__main__":
    main()
