"""`python watched.py COMMAND...`: a command that ends when whoever started it lets go of its input.

A run of the tests that is killed closes it too, so that nothing is left running.
"""

import subprocess
import sys
import threading


def main(command: list[str]) -> int:
    """Runs the command until it ends, or is asked to because our input has ended; its exit code."""
    with subprocess.Popen(command, stdin=subprocess.DEVNULL) as process:

        def end_with_the_input() -> None:
            sys.stdin.buffer.read()
            process.terminate()

        threading.Thread(target=end_with_the_input, daemon=True).start()
        return process.wait()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
