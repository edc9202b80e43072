"""Places at which a test can end the process, to prove that nothing is lost or done twice.

`DAILIES_FAILPOINT=submit.sent` ends the process with SIGKILL when it first gets there. Without the
variable a failpoint is nothing.
"""

import os
import signal


def failpoint(name: str) -> None:
    if name == os.environ.get("DAILIES_FAILPOINT"):
        os.kill(os.getpid(), signal.SIGKILL)
