"""Distributions and what one may ask of them."""

from __future__ import annotations

from parzen.distribution.distribution import Distribution

__all__ = ["Distribution"]
