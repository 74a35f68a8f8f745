"""Disposable hosts with a real systemd as PID 1; see lab.py."""
