"""The whole system on real parts: an orchestrator and hosts in beds, and the client's side of it."""
