# SPDX-License-Identifier: Apache-2.0
import subprocess
import sys

import pytest

from unified_agent import __version__
from unified_agent.cli import VERBS, main


def test_the_version_is_printed(capsys):
    with pytest.raises(SystemExit, match="0"):
        main(["--version"])
    assert __version__ in capsys.readouterr().out


@pytest.mark.parametrize("verb", VERBS)
def test_every_verb_explains_itself_without_loading_torch(verb):
    code = (
        "import sys; from unified_agent.cli import main\n"
        f"try: main(['{verb}', '--help'])\n"
        "except SystemExit: print('torch' in sys.modules)"
    )
    out = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert "--json" in out
    assert out.strip().endswith("False")


def test_an_unknown_verb_ends_with_2(capsys):
    with pytest.raises(SystemExit, match="2"):
        main(["dance"])
    assert "invalid choice" in capsys.readouterr().err
