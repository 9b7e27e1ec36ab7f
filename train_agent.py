"""Let an agent search an environment, and keep the run in a folder.

python train_agent.py --env NAS-Digits-v0 --agent reinforce --children 120 --control random
"""

import sys

from nas_env.command_line.train import main

if __name__ == "__main__":
    sys.exit(main())
