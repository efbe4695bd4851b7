"""Identifies visitors, to share out what the server has: by their login, else by their address."""

from __future__ import annotations

import hashlib
from ipaddress import ip_address, ip_network

import streamlit as st

_NETWORK = 64  # bits of an IPv6 address that one household or host shares


def current() -> str:
    """Returns a hash that identifies the visitor of this session; "" on the server's own machine."""
    login = str(st.user.get("email") or st.user.get("sub") or "") if st.user.get("is_logged_in") else ""
    return hashed(login or from_address(st.context.ip_address or ""))


def from_address(address: str) -> str:
    """Returns the part of an IP address that identifies a visitor; "" for this machine, or if it is no address.

    A proxy on this machine tells the visitor's address by ``X-Forwarded-For``; ``FORWARDED_ALLOW_IPS`` names others.
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
    """Returns a hash of a visitor's name, since no address is to be written to disk; "" for none."""
    return hashlib.sha256(name.encode()).hexdigest()[:16] if name else ""
