"""Opens `okms kmip explorer` on a terminal of its own, waits until it shows a word, and leaves it.

usage: explorer.py WORD
"""

import fcntl
import os
import pty
import select
import struct
import sys
import termios
import time

PATIENCE_SECONDS = 60


def show(word):
    os.environ["TERM"] = "xterm"
    child, terminal = pty.fork()
    if child == 0:
        os.execvp("okms", ["okms", "kmip", "explorer"])
    # Lines and columns of the terminal.
    fcntl.ioctl(terminal, termios.TIOCSWINSZ, struct.pack("HHHH", 50, 200, 0, 0))
    seen = b""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while word not in seen and time.monotonic() < deadline:
        if select.select([terminal], [], [], 1)[0]:
            seen += os.read(terminal, 65536)
    os.write(terminal, b"q")
    found = word in seen
    while True:
        try:
            if not os.read(terminal, 65536):
                break
        except OSError:
            # The program has left its terminal.
            break
    os.waitpid(child, 0)
    return found


if not show(sys.argv[1].encode()):
    sys.exit(f"it does not show {sys.argv[1]}")
