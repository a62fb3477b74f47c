"""The desk over its socket, for programs on this machine: plain JSON in and out, the house's errors raised.

Only the standard library, since `broadcaster status` must answer in a quarter of a second.
"""

from broadcaster.client.client import Client
from broadcaster.client.longer import longer
from broadcaster.client.wire import PATIENCE_S, TIMEOUT_S, ServiceLost, error_of

__all__ = ["PATIENCE_S", "TIMEOUT_S", "Client", "ServiceLost", "error_of", "longer"]
