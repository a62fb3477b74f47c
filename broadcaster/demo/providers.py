"""The providers of a demonstration or a drill, together: X, relay, mailbox, and the way to the residents' page.

Each listens on 127.0.0.1, on a port that is given or free. `Trouble` is played at the wire, so that the service meets
exactly what a real provider would show it.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass

from broadcaster.demo import x_script
from broadcaster.demo.front import Front
from broadcaster.demo.pop3 import Pop3Provider
from broadcaster.demo.smtp import Phase, SmtpProvider, drop, late, reply
from broadcaster.demo.trouble import SmtpTrouble, Trouble, XTrouble
from broadcaster.demo.x import XProvider

_AGAIN_S = "60"
_MAIL_S = 8.0
_ACTS: Mapping[XTrouble, x_script.Act] = {
    XTrouble.RATE_LIMITED: x_script.problem("rate-limited", headers={"Retry-After": _AGAIN_S}),
    XTrouble.OVERLOADED: x_script.problem("over-capacity"),
    XTrouble.TIMEOUT: x_script.silence(take=True),
    XTrouble.SUSPENDED: x_script.problem("suspended"),
    XTrouble.DUPLICATE: x_script.problem("duplicate"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Cast:
    """Who plays: a part that is None is played by somebody else, e.g. a test account that the drill list names."""

    x: XProvider | None = None
    smtp: SmtpProvider | None = None
    pop3: Pop3Provider | None = None
    front: Front | None = None


@asynccontextmanager
async def playing(cast: Cast, trouble: Trouble) -> AsyncGenerator[None, None]:
    """Let them listen, with this trouble, and stop them at the end. Raise `OSError` for a port that is taken."""
    if cast.x is not None and trouble.x is not None:
        cast.x.always(_ACTS[trouble.x])
    if cast.smtp is not None and trouble.smtp is not None:
        _spoil(cast.smtp, trouble.smtp)
    if cast.front is not None:
        cast.front.trouble = trouble.page
    async with AsyncExitStack() as stack:
        for part in (cast.x, cast.smtp, cast.pop3, cast.front):
            if part is not None:
                await stack.enter_async_context(part)
        yield


def _spoil(smtp: SmtpProvider, trouble: SmtpTrouble) -> None:
    match trouble:
        case SmtpTrouble.DOWN:
            smtp.script(Phase.CONNECT, drop(), always=True)
        case SmtpTrouble.GREYLIST:
            smtp.greylist(reply("450 4.2.0 Greylisted, try again later"))
        case SmtpTrouble.SLOW:
            smtp.script(Phase.DOT, late(_MAIL_S), always=True)
