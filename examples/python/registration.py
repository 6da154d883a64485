"""
Registers an agent, and keeps it registered while it runs.

    registration = AgentRegistration(
        agent_name="cost-agent-1",
        agent_type="cost",
        host="localhost",
        port=8001,
        capabilities=["spot_migration"],
        orchestrator_url="https://agent:KEY@rollcall.example.workers.dev",
    )
    registration.register()
    registration.start_heartbeat()
    ...
    registration.unregister()

For Python 3.8 and newer, on the standard library alone. It uses the routes under /agents.
"""

import base64
import http.client
import json
import logging
import random
import threading
import urllib.error
import urllib.parse
import urllib.request
from typing import Any, Dict, List, NamedTuple, Optional

logger = logging.getLogger(__name__)

# How long to wait after a heartbeat that failed, at most, in seconds. Two heartbeats that are missed may end a short lease.
RETRY_SECONDS_MAX = 5.0


class Answer(NamedTuple):
    status: int  # 0: no answer came
    body: Dict[str, Any]
    retry_after: Optional[float] = None  # seconds

    @property
    def error(self) -> str:
        return f"{self.status}: {self.body.get('error', '')}" if self.status else str(self.body.get("error"))


class AgentRegistration:
    """
    One agent's registration.

    `orchestrator_url` may contain a key (`https://user:KEY@host`), percent-encoded: "/" is "%2F". `metadata` and `status`
    may be changed at any time; the next heartbeat tells them. No method raises because of the registry or the network.
    """

    def __init__(
        self,
        agent_name: str,
        agent_type: str,
        host: str,
        port: int,
        capabilities: List[str],
        orchestrator_url: str = "http://localhost:8080",
        version: str = "1.0.0",
        metadata: Optional[Dict[str, Any]] = None,
    ):
        self.agent_name = agent_name
        self.agent_type = agent_type
        self.host = host
        self.port = port
        self.capabilities = capabilities
        self.orchestrator_url = orchestrator_url
        self.version = version
        self.metadata = metadata or {}
        self.status = "healthy"

        self.agent_id: Optional[str] = None
        self.heartbeat_interval = 30.0  # seconds, until the registry says otherwise
        self.heartbeat_thread: Optional[threading.Thread] = None
        self.stop_heartbeat = threading.Event()
        self._base, self._headers = _address(orchestrator_url)

    def register(self) -> bool:
        """Registers the agent under a new id. False where it could not be: the log says why."""
        return self._register().status == 201

    def start_heartbeat(self) -> None:
        """Calls in from now on, in a thread of its own. An agent that is not registered, or not any more, is registered."""
        if self.heartbeat_thread and self.heartbeat_thread.is_alive():
            return
        self.stop_heartbeat.clear()
        self.heartbeat_thread = threading.Thread(target=self._heartbeat_loop, daemon=True)
        self.heartbeat_thread.start()

    def stop_heartbeat_loop(self) -> None:
        """Stops calling in. Waits, at most 15 s, for what is on its way: a registration that ended late would be left behind."""
        self.stop_heartbeat.set()
        if self.heartbeat_thread:
            self.heartbeat_thread.join(timeout=15)

    def unregister(self) -> None:
        """Stops calling in and unregisters the agent."""
        self.stop_heartbeat_loop()
        if self.agent_id is None:
            return
        answer = self._post(f"/agents/{self.agent_id}/unregister", None, timeout=10)
        if answer.status == 200:
            logger.info("unregistered %s", self.agent_id)
            self.agent_id = None
        else:
            logger.warning("not unregistered: %s", answer.error)

    def _register(self) -> Answer:
        answer = self._post(
            "/agents/register",
            {
                "name": self.agent_name,
                "type": self.agent_type,
                "host": self.host,
                "port": self.port,
                "capabilities": self.capabilities,
                "version": self.version,
                "metadata": self.metadata,
            },
            timeout=10,
        )
        if answer.status == 201:
            self.agent_id = answer.body.get("agent_id")
            self.heartbeat_interval = answer.body.get("heartbeat_interval_seconds", self.heartbeat_interval)
            logger.info("registered as %s", self.agent_id)
        else:
            logger.error("not registered: %s", answer.error)
        return answer

    def _heartbeat_loop(self) -> None:
        wait = 0.0
        while not self.stop_heartbeat.wait(wait):
            answer = self._send_heartbeat() if self.agent_id else self._register()
            if answer.status == 404 and self.agent_id:
                self.agent_id = None
                answer = self._register()
            if answer.status in (200, 201):
                wait = self.heartbeat_interval
            else:
                wait = min(self.heartbeat_interval, answer.retry_after or RETRY_SECONDS_MAX)
            # Earlier by chance, never later, so that agents that were started together do not call in together.
            wait *= random.uniform(0.8, 1)

    def _send_heartbeat(self) -> Answer:
        answer = self._post(
            f"/agents/{self.agent_id}/heartbeat",
            {"status": self.status, "metadata": self.metadata},
            timeout=5,
        )
        if answer.status == 200:
            self.heartbeat_interval = answer.body.get("next_interval_seconds") or self.heartbeat_interval
        else:
            logger.warning("heartbeat not heard: %s", answer.error)
        return answer

    def _post(self, path: str, body: Optional[Dict[str, Any]], timeout: float) -> Answer:
        data = b"" if body is None else json.dumps(body).encode()
        try:
            request = urllib.request.Request(self._base + path, data, self._headers, method="POST")
            with urllib.request.urlopen(request, timeout=timeout) as response:
                return Answer(response.status, _json_of(response))
        except urllib.error.HTTPError as refusal:
            with refusal:
                return Answer(refusal.code, _json_of(refusal), _seconds(refusal.headers.get("Retry-After")))
        except (OSError, ValueError, http.client.HTTPException) as failure:
            return Answer(0, {"error": failure})


def _address(url: str):
    """The URL without what stands before the "@", and the headers to send. urllib knows no keys in a URL."""
    parts = urllib.parse.urlsplit(url)
    # Some networks refuse urllib's own name.
    headers = {"Content-Type": "application/json", "User-Agent": "rollcall-agent"}
    if parts.password is not None:
        user, key = (urllib.parse.unquote(text) for text in (parts.username or "", parts.password))
        headers["Authorization"] = "Basic " + base64.b64encode(f"{user}:{key}".encode()).decode()
    host = parts.netloc.rpartition("@")[2]
    return urllib.parse.urlunsplit((parts.scheme, host, parts.path.rstrip("/"), "", "")), headers


def _json_of(response) -> Dict[str, Any]:
    try:
        body = json.load(response)
        return body if isinstance(body, dict) else {}
    except (OSError, ValueError, http.client.HTTPException):
        return {}


def _seconds(header: Optional[str]) -> Optional[float]:
    try:
        return None if header is None else float(header)
    except ValueError:
        return None
