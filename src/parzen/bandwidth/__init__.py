"""How wide: rules that choose a bandwidth, and the one door to them."""

from __future__ import annotations

from parzen.bandwidth.selector import SELECTORS, BandwidthResult, choose

__all__ = ["SELECTORS", "BandwidthResult", "choose"]
