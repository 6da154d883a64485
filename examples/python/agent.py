"""An agent that is registered until it is stopped by Ctrl-C or SIGTERM."""

import logging
import os
import signal
import threading

from registration import AgentRegistration

logging.basicConfig(level=logging.INFO)
stopped = threading.Event()
for number in (signal.SIGINT, signal.SIGTERM):
    signal.signal(number, lambda *_: stopped.set())

registration = AgentRegistration(
    agent_name="cost-agent-1",
    agent_type="cost",
    host="localhost",
    port=8001,
    capabilities=["spot_migration", "reserved_instances"],
    orchestrator_url=os.environ.get("ORCHESTRATOR_URL", "http://localhost:8080"),
    metadata={"zone": "a"},
)
registration.register()
registration.start_heartbeat()
while not stopped.wait(1):  # the agent's work
    pass
registration.unregister()
