"""The whole system on real parts: an orchestrator and hosts in beds, and a client's side."""
