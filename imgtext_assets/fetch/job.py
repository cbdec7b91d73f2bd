"""A request on its way through redirects and tries, and how it ends.

What belongs here: where a job stands, and its outcome's fields. What does not: deciding how it goes on (`client`).
"""

from __future__ import annotations

from dataclasses import dataclass

from imgtext_assets.fetch.addresses import URL
from imgtext_assets.fetch.outcomes import Outcome, Request, Verdict
from imgtext_assets.fetch.transfer import Transfer


@dataclass(slots=True)
class Job:
    """`url` is what is asked next; `seen` are the addresses of this try, and `seconds` what they took."""

    request: Request
    url: URL
    attempts: int = 0
    seconds: float = 0.0
    seen: tuple[URL, ...] = ()

    def starts(self) -> None:
        """Note that `url` is asked now."""
        if not self.seen:
            self.attempts += 1
        self.seen = (*self.seen, self.url)

    def starts_over(self) -> None:
        """Go back to the first address for another try."""
        self.url, self.seen, self.seconds = self.seen[0], (), 0.0

    def fine(self, transfer: Transfer) -> Outcome:
        """The outcome where all is well; its body is the reader's."""
        body = transfer.body
        hashed = body is not None and transfer.is_whole
        return Outcome(
            request=self.request,
            http_status=transfer.status,
            final_url=transfer.url.text,
            etag=transfer.header("etag"),
            last_modified=transfer.header("last-modified"),
            content_type=transfer.header("content-type"),
            sha256=transfer.sha256.hexdigest() if hashed else None,
            md5=transfer.md5.hexdigest() if hashed else None,
            bytes=transfer.size if body is not None else None,
            total=transfer.total,
            attempts=self.attempts,
            body=body,
            not_modified=transfer.status == 304,
        )

    def failed(self, verdict: Verdict, detail: str | None, transfer: Transfer | None = None) -> Outcome:
        """The outcome of a failure. `transfer` is the last one; None where it ends without having asked."""
        answered = transfer if transfer is not None and transfer.answered else None
        return Outcome(
            request=self.request,
            reason=verdict.reason,
            detail=detail,
            passing=verdict.passing,
            http_status=answered.status if answered else None,
            final_url=answered.url.text if answered else None,
            content_type=answered.header("content-type") if answered else None,
            attempts=self.attempts,
        )
