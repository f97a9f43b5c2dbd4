"""Download one file patiently: retry what fails, resume what broke off, never leave half a file behind.

A download that breaks off leaves ``<file>.part`` and ``<file>.part.json`` (address and validator). The next
attempt, in the same call or days later, asks the server for the rest by an HTTP range request, provided that
the file is still the same one (``If-Range``); if it is not, the server sends all of it anew.
"""

from __future__ import annotations

import json
import re
import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from autograder.errors import DatasetError

if TYPE_CHECKING:
    import httpx

__all__ = ["Progress", "ResumingDownloader"]

Progress = Callable[[int, int | None], None]
"""Called with the bytes that are there and, if the server says, the bytes there will be."""

_MAX_BYTES = 256 * 2**20
_TRY_AGAIN = frozenset({408, 425, 429, 500, 502, 503, 504})
_AGENT = "Mozilla/5.0 (compatible; mlops-deployment-labs)"


class _BrokenOff(Exception):
    """An attempt failed in a way that may pass."""


class ResumingDownloader:
    """A downloader for `pooch.retrieve` that retries and resumes.

    Args:
        part: where the unfinished file is kept, so that a later call can go on.
        timeout: seconds to wait for the server to connect, or to send the next bytes.
        attempts: how often to try, in all.
        backoff: seconds before the second attempt; each further wait is twice as long.
        progress: told about every piece that arrives.
    """

    def __init__(
        self,
        part: Path,
        *,
        timeout: float = 30.0,
        attempts: int = 4,
        backoff: float = 0.5,
        progress: Progress | None = None,
    ) -> None:
        self._part = part
        self._note = part.with_name(part.name + ".json")
        self._timeout = timeout
        self._attempts = attempts
        self._backoff = backoff
        self._progress = progress or (lambda done, total: None)

    def __call__(self, url: str, output_file: str, pooch: object = None, check_only: bool = False) -> None:
        """Write what lies at `url` to `output_file`.

        Raises:
            DatasetError: the server does not have the file, or it could not be had in full after all
                attempts; the part that came is kept.
        """
        import httpx

        problem, attempt = "", 0
        headers = {"User-Agent": _AGENT, "Accept-Encoding": "identity"}
        with httpx.Client(timeout=self._timeout, follow_redirects=True, headers=headers) as client:
            for attempt in range(self._attempts):
                if attempt:
                    time.sleep(self._backoff * 2 ** (attempt - 1))
                try:
                    self._attempt(client, url)
                except (httpx.InvalidURL, httpx.UnsupportedProtocol, httpx.TooManyRedirects) as error:
                    raise DatasetError(f"{url}: {error}") from error
                except httpx.TimeoutException:
                    problem = f"nothing came for {self._timeout:g} s"
                except httpx.ConnectError as error:
                    problem = f"no connection: {error}"
                    if attempt:
                        break
                except (httpx.TransportError, _BrokenOff) as error:
                    problem = str(error) or "the connection broke off"
                else:
                    self._part.replace(output_file)
                    self._note.unlink(missing_ok=True)
                    return
        have = f"; {self._part.stat().st_size:,} bytes are kept" if self._part.is_file() else ""
        raise DatasetError(f"{url}: {problem} ({attempt + 1} attempts{have})")

    def _attempt(self, client: httpx.Client, url: str) -> None:
        have, validator = self._resume_point(url)
        headers = {"Range": f"bytes={have}-", "If-Range": validator} if have else {}
        with client.stream("GET", url, headers=headers) as answer:
            if answer.status_code == 416:
                self._part.unlink(missing_ok=True)
                raise _BrokenOff("the server does not have the rest of the file that was begun")
            if answer.status_code in _TRY_AGAIN:
                raise _BrokenOff(f"the server answered {answer.status_code} {answer.reason_phrase}")
            if answer.status_code not in (200, 206):
                raise DatasetError(f"{url}: the server answered {answer.status_code} {answer.reason_phrase}")
            if answer.status_code == 200:
                have = 0
            total = _total(answer, have)
            self._remember(url, answer)
            with self._part.open("ab" if have else "wb") as stream:
                for piece in answer.iter_raw():
                    stream.write(piece)
                    have += len(piece)
                    if have > _MAX_BYTES:
                        raise DatasetError(f"{url}: more than {_MAX_BYTES:,} bytes; this is no table of ours")
                    self._progress(have, total)
        if total is not None and have != total:
            raise _BrokenOff(f"{have:,} of {total:,} bytes came")

    def _resume_point(self, url: str) -> tuple[int, str]:
        """How many bytes are there already, and the validator that says of which version of the file."""
        try:
            note = json.loads(self._note.read_text(encoding="utf-8"))
            have = self._part.stat().st_size
        except (OSError, ValueError):
            return 0, ""
        if not isinstance(note, dict) or note.get("url") != url or not isinstance(note.get("validator"), str):
            return 0, ""
        return have, note["validator"]

    def _remember(self, url: str, answer: httpx.Response) -> None:
        etag = answer.headers.get("ETag", "")
        validator = etag if etag and not etag.startswith("W/") else answer.headers.get("Last-Modified")
        self._note.write_text(json.dumps({"url": url, "validator": validator}), encoding="utf-8")


def _total(answer: httpx.Response, have: int) -> int | None:
    """Read the size of the whole file from the headers, and check that a range starts where we stopped."""
    if answer.status_code == 206:
        span = re.fullmatch(r"bytes (\d+)-\d+/(\d+|\*)", answer.headers.get("Content-Range", ""))
        if not span or int(span[1]) != have:
            raise _BrokenOff("the server sent another range than the one asked for")
        return None if span[2] == "*" else int(span[2])
    length = answer.headers.get("Content-Length", "")
    return int(length) if length.isdigit() else None
