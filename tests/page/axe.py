"""axe-core, which finds what keeps people from using a page (WCAG): from npm, kept in the build folder."""
import hashlib
import io
import os
import subprocess
import tarfile
import tempfile
from pathlib import Path

PACKAGE = "axe-core@4.10.2"
SHA512 = ("444de6750ecfdc54527bb7aa096a1e43f67d417aed9e24a3a75c148ede67442d"
          "d6229cf9ad20af7baa377ec676682a49b6b663499823c170284cee64e2d108d3")


class Missing(Exception):
    """There is no axe-core; the text says why, and what to do."""


def source(folder):
    """Its JavaScript. `folder` keeps what was fetched."""
    kept = Path(folder) / "axe-core-4.10.2.tgz"
    if not kept.exists():
        fetch(kept)
    package = kept.read_bytes()
    if hashlib.sha512(package).hexdigest() != SHA512:
        raise Missing(f"{kept} is not the {PACKAGE} that is expected here: delete it, to fetch it again")
    with tarfile.open(fileobj=io.BytesIO(package)) as files:
        return files.extractfile("package/axe.min.js").read().decode()


def fetch(kept):
    kept.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=kept.parent) as place:
        try:
            subprocess.run(["npm", "pack", "--loglevel=error", PACKAGE], cwd=place, check=True, stdin=subprocess.DEVNULL,
                           stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True, timeout=300)
        except FileNotFoundError:
            raise Missing(f"npm is not installed, so {PACKAGE} cannot be fetched: install npm") from None
        except subprocess.TimeoutExpired:
            raise Missing(f"npm could not fetch {PACKAGE} within five minutes") from None
        except subprocess.CalledProcessError as failure:
            raise Missing(f"npm could not fetch {PACKAGE}: {failure.stderr.strip() or 'it does not say why'}") from None
        os.replace(Path(place) / kept.name, kept)
