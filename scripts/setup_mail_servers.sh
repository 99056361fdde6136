#!/usr/bin/env bash
# Installs Dovecot (IMAP) and Exim (SMTP), which the tests run with configurations and mail of their own on loopback ports.
# Only `make test` asks for it; a secretary's machine needs none of it. Debian's own services are not started, and a
# machine that is a mail server already is left as it is.
set -euo pipefail

need() { echo "mail servers: $1" >&2; exit 3; }
has() { command -v "$1" >/dev/null || [ -x "/usr/sbin/$1" ]; }

packages=""
has dovecot && [ -x /usr/lib/dovecot/imap ] || packages="$packages dovecot-imapd"
has exim4 || packages="$packages exim4-daemon-light"
[ -n "$packages" ] || exit 0

case "$packages" in *exim4*)
  if has postfix || has smtpd || has sendmail; then
    need "this machine has another mail server, which exim4-daemon-light would replace; run the whole suite on another machine ('make test-fast' needs none)"
  fi ;;
esac
command -v apt-get >/dev/null || need "missing:$packages, and this is not a Debian machine"
as_root=""
if [ "$(id -u)" != 0 ]; then
  if command -v sudo >/dev/null && sudo -n true 2>/dev/null; then as_root="sudo -n"; else
    need "missing:$packages - ask whoever looks after this machine to run: apt-get install -y --no-install-recommends$packages"
  fi
fi
echo "mail servers: installing$packages"
export DEBIAN_FRONTEND=noninteractive
# Debian asks this file before it starts a service; what was there before stays
policy=/usr/sbin/policy-rc.d
if [ ! -e "$policy" ]; then
  printf '#!/bin/sh\nexit 101\n' | $as_root tee "$policy" >/dev/null
  $as_root chmod 755 "$policy"
  # shellcheck disable=SC2064
  trap "$as_root rm -f $policy" EXIT
fi
# shellcheck disable=SC2086
{ $as_root apt-get update -qq && $as_root apt-get install -y -qq --no-install-recommends $packages >/dev/null; } \
  || need "apt could not install:$packages - see the lines above"
