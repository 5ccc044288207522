#!/bin/bash
# Starts dockerd so that whatever it makes ends with it: in control groups, mounts and process ids of
# its own. The network is the host's, because published ports must answer on 127.0.0.1.
#
#   isolated.sh groups NAME CONFIG    NAME: of the control groups; CONFIG: dockerd's
set -euo pipefail
stage=$1 name=$2 config=$3

hierarchies() { findmnt --raw --noheadings --output TARGET --types cgroup,cgroup2; }
is_v2() { [ -e /sys/fs/cgroup/cgroup.controllers ]; }

case $stage in
groups) # join groups of our own; they become the root of what the engine sees
    for hierarchy in $(hierarchies); do
        group=$hierarchy/$name
        if is_v2; then # as runc does: hand out every controller from the top
            sed 's/^/+/; s/ / +/g' "$hierarchy/cgroup.controllers" >"$hierarchy/cgroup.subtree_control" || true
        fi
        mkdir -p "$group"
        if [ -e "$group/cpuset.cpus" ] && ! is_v2; then # no process may join while they are empty
            cat "$hierarchy/cpuset.cpus" >"$group/cpuset.cpus"
            cat "$hierarchy/cpuset.mems" >"$group/cpuset.mems"
        fi
        echo $$ >"$group/cgroup.procs"
    done
    exec unshare --cgroup "$BASH" "$0" processes "$name" "$config"
    ;;
processes)
    if is_v2; then # a group with processes cannot hand out controllers: the engine gets a leaf
        mkdir -p "/sys/fs/cgroup/$name/engine"
        echo $$ >"/sys/fs/cgroup/$name/engine/cgroup.procs"
    fi
    exec unshare --mount --pid --fork --kill-child --mount-proc "$BASH" "$0" mounts "$name" "$config"
    ;;
mounts)
    if is_v2; then
        umount --recursive /sys/fs/cgroup
        mount -t cgroup2 cgroup2 /sys/fs/cgroup
        sed 's/^/+/; s/ / +/g' /sys/fs/cgroup/cgroup.controllers >/sys/fs/cgroup/cgroup.subtree_control
    else
        controllers=$(awk 'NR > 1 { print $1 }' /proc/cgroups)
        findmnt --raw --noheadings --output TARGET,FS-OPTIONS --types cgroup |
            while read -r hierarchy options; do
                chosen=$(tr ',' '\n' <<<"$options" | grep -xF -e "$controllers" | paste -sd,) ||
                    chosen=none,$(tr ',' '\n' <<<"$options" | grep '^name=')
                umount "$hierarchy"
                mount -t cgroup -o "$chosen" cgroup "$hierarchy"
            done
    fi
    for directory in /run/containerd /run/docker; do # where shims and plugins put sockets
        mkdir -p "$directory"
        mount -t tmpfs -o mode=0700 tmpfs "$directory"
    done
    # The first process of these namespaces: it takes in what loses its parent. It ends with dockerd,
    # and all the others with it.
    dockerd --config-file "$config" &
    engine=$!
    trap 'kill "$engine"' TERM INT
    while kill -0 "$engine" 2>/dev/null; do wait "$engine" || true; done
    ;;
esac
