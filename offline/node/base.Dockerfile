# What a node and the images that change its network need of Debian.
ARG BASE
FROM ${BASE}
RUN apt-get update \
    && apt-get install --yes --no-install-recommends \
        conntrack ethtool ipset iproute2 iptables kmod nftables procps runc socat \
    && apt-get clean && rm -rf /var/lib/apt/lists/*
