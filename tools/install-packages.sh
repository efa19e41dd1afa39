#!/usr/bin/env bash
# Installs Debian packages without letting any of them start a service.
#   tools/install-packages.sh --missing PROBE:PACKAGE…   prints the packages whose PROBE (a path or a command) is not there
#   tools/install-packages.sh PACKAGE…                   installs them; exits 2 in plain words where it may not or cannot
set -euo pipefail

if [ "${1-}" = --missing ]; then
  shift
  for pair in "$@"; do
    probe=${pair%%:*}
    [ -e "$probe" ] || command -v "$probe" >/dev/null || printf '%s\n' "${pair#*:}"
  done
  exit 0
fi

[ $# -gt 0 ] || exit 0
if ! command -v apt-get >/dev/null; then
  echo "This is not a Debian system. Install by its own means: $*" >&2
  exit 2
fi
if [ "$(id -u)" -ne 0 ]; then
  echo "Missing packages, and only root may install them. Run: sudo apt-get install $*" >&2
  exit 2
fi

# 101 is "action forbidden by policy": the maintainer scripts of a server's package ask before they start it.
policy=/usr/sbin/policy-rc.d
aside=
restore() {
  rm -f "$policy"
  [ -z "$aside" ] || mv "$aside" "$policy"
}
if [ -e "$policy" ]; then
  aside=$policy.integrations
  mv "$policy" "$aside"
fi
trap restore EXIT
trap 'exit 130' INT TERM
printf '#!/bin/sh\nexit 101\n' >"$policy"
chmod 755 "$policy"

export DEBIAN_FRONTEND=noninteractive
apt-get update -qq
# A cluster of the distribution's own would start at the next boot; ours has its own directory and port.
mkdir -p /etc/postgresql-common
[ -e /etc/postgresql-common/createcluster.conf ] || echo 'create_main_cluster = false' >/etc/postgresql-common/createcluster.conf
apt-get install -y -qq --no-install-recommends -o Dpkg::Options::=--force-confold "$@" >/dev/null
