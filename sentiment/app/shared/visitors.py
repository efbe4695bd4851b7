"""Identifies visitors by their login, or else by their address, so that each gets a share of the server."""

from __future__ import annotations

import hashlib
from ipaddress import ip_address, ip_network

import streamlit as st

_NETWORK = 64  # leading bits of an IPv6 address, which one household or host shares


def current() -> str:
    """Returns a hash that identifies the visitor of this session; "" on the server's own machine."""
    login = str(st.user.get("email") or st.user.get("sub") or "") if st.user.get("is_logged_in") else ""
    return hashed(login or from_address(st.context.ip_address or ""))


def from_address(address: str) -> str:
    """Returns the part of an IP address that identifies a visitor; "" for this machine, or if it is not valid.

    A proxy on this machine passes the visitor's address in ``X-Forwarded-For``; ``FORWARDED_ALLOW_IPS`` names other
    proxies.
    """
    try:
        found = ip_address(address)
    except ValueError:
        return ""
    found = getattr(found, "ipv4_mapped", None) or found
    if found.is_loopback:
        return ""
    return str(found) if found.version == 4 else str(ip_network((found, _NETWORK), strict=False))


def hashed(name: str) -> str:
    """Returns a hash of a visitor's name, because no address may be written to disk; "" for an empty name."""
    return hashlib.sha256(name.encode()).hexdigest()[:16] if name else ""
