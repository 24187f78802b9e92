"""How wide: selectors of a bandwidth, and the one door to them."""

from __future__ import annotations

from parzen.bandwidth.choose import Setting, choose
from parzen.bandwidth.result import BandwidthResult
from parzen.bandwidth.selector import PILOTS, SELECTORS, Selector

__all__ = ["PILOTS", "SELECTORS", "BandwidthResult", "Selector", "Setting", "choose"]
