"""What a fault test needs: providers with a script, a TCP proxy, collectors, a clock, failpoints, power loss, kills.

The scripted providers are those of `broadcaster demo`: one implementation, honest to the wire until a script says
otherwise. HTTP: `x.script(http.drop(take=True))`; SMTP: `mail.script(Phase.DOT, smtp.drop(stored=True))`.
"""

from broadcaster.demo import smtp_script as smtp
from broadcaster.demo import x_script as http
from broadcaster.demo.pop3 import Pop3Provider
from broadcaster.demo.smtp import SmtpProvider
from broadcaster.demo.smtp_script import Phase
from broadcaster.demo.x import XProvider
from tests.faults.kit.proxy import Blackhole, Proxy, Weather
from tests.faults.kit.services import needs

__all__ = [
    "Blackhole",
    "Phase",
    "Pop3Provider",
    "Proxy",
    "SmtpProvider",
    "Weather",
    "XProvider",
    "http",
    "needs",
    "smtp",
]
