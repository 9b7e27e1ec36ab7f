"""List what there is: ``python -m nas_env``."""

import sys

from nas_env.command_line.catalogues import main

if __name__ == "__main__":
    sys.exit(main())
