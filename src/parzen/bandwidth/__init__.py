"""How wide: rules that choose a bandwidth, and the one door to them."""

from __future__ import annotations

from parzen.bandwidth.selector import BandwidthResult, choose, select_bandwidth

__all__ = ["BandwidthResult", "choose", "select_bandwidth"]
