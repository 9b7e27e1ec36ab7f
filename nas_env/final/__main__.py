"""The command ``nas-retrain`` under the name of its family.

python -m nas_env.final runs/NAS-Digits-v0-reinforce-1
"""

import sys

from nas_env.command_line.retrain import main

if __name__ == "__main__":
    sys.exit(main())
