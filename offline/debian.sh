#!/bin/bash
# Makes the root file system that the kit's images begin with, as a tar archive: a minimal Debian
# without what nobody reads in a container, and with the certificates that this machine trusts.
#
#   debian.sh SUITE ARCHIVE CERTIFICATES [MIRROR [SECURITY-MIRROR]]
#
# Run in a mount namespace of its own: debootstrap mounts /proc.
set -euo pipefail
suite=$1 archive=$2 certificates=$3 mirror=${4:-} security=${5:-}

folder=$(mktemp -d "$archive.XXXXXX")
trap 'umount "$folder/root/proc" "$folder/root/sys" 2>/dev/null || true; rm -rf "$folder"' EXIT
root=$folder/root
debootstrap --variant=minbase --include=ca-certificates "$suite" "$root" ${mirror:+"$mirror"}
if [ -n "$security" ]; then
    echo "deb $security $suite-security main" >>"$root/etc/apt/sources.list"
fi

# What this machine trusts beyond what Debian gives it, as behind a company's proxy: one certificate
# a file, as update-ca-certificates wants them.
if [ -e "$certificates" ]; then
    cat "$root/etc/ssl/certs/ca-certificates.crt" >"$folder/known"
    find /usr/share/ca-certificates -name '*.crt' -exec cat {} + >>"$folder/known" || true
    awk -v prefix="$root/usr/local/share/ca-certificates/host-" \
        'NR == FNR { known[$0]; next }
         /^-----BEGIN CERTIFICATE/ { text = ""; new = 0; inside = 1 }
         inside { text = text $0 "\n"; if (!/^-----/ && !($0 in known)) new = 1 }
         /^-----END CERTIFICATE/ {
             inside = 0
             if (new) { count++; file = prefix count ".crt"; printf "%s", text >file; close(file) }
         }' "$folder/known" "$certificates"
    chroot "$root" update-ca-certificates
fi

cat >"$root/etc/dpkg/dpkg.cfg.d/small" <<'END'
path-exclude /usr/share/doc/*
path-exclude /usr/share/info/*
path-exclude /usr/share/locale/*
path-exclude /usr/share/man/*
END
rm -rf "$root"/usr/share/{doc,info,locale,man}/* "$root"/var/{cache/apt,lib/apt/lists,log}/*
umount "$root/proc" "$root/sys" 2>/dev/null || true
tar --create --numeric-owner --file "$archive" --directory "$root" .
