"""Takes the code blocks out of a page, so that they can be run unchanged.

    python blocks.py PAGE DIRECTORY

The one block of each language becomes guide.py and guide.ts. A page without one, or with two, is an
error.
"""

import re
import sys
from pathlib import Path

if len(sys.argv) != 3:
    sys.exit(__doc__)
page, directory = Path(sys.argv[1]), Path(sys.argv[2])

for fence, name in (("python", "guide.py"), ("ts", "guide.ts")):
    blocks = re.findall(rf"^```{fence}\n(.*?)^```$", page.read_text(), re.MULTILINE | re.DOTALL)
    if len(blocks) != 1:
        sys.exit(f"{page} has {len(blocks)} blocks of {fence}, not one")
    (directory / name).write_text(blocks[0])
