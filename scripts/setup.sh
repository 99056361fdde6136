#!/usr/bin/env bash
# Sets Songthan up on a Debian 12 machine: programs, .venv with the locked libraries, the official Thai faces.
# Safe to repeat: every part is looked for first, and a stamp made of the lock and this script ends a second run at once.
set -euo pipefail
cd "$(dirname "$0")/.."

venv=.venv
stamp="$venv/.songthan-setup"
want="$(cat requirements.lock pyproject.toml scripts/setup.sh | sha256sum | cut -d' ' -f1)"

need() { echo "setup: $1" >&2; exit 3; }

missing_programs() {
  command -v soffice >/dev/null || echo libreoffice-writer-nogui
  command -v pdftotext >/dev/null || echo poppler-utils
  command -v tesseract >/dev/null || echo tesseract-ocr
  [ -e /usr/share/tesseract-ocr/5/tessdata/tha.traineddata ] || echo tesseract-ocr-tha
  # a token in software, for the tests of `songthan sign`
  command -v softhsm2-util >/dev/null || echo softhsm2
  command -v openssl >/dev/null || echo openssl
  [ -e /usr/share/fonts/truetype/dejavu/DejaVuSans.ttf ] || echo fonts-dejavu-core
  python3 -c 'import ensurepip, venv' 2>/dev/null || echo python3-venv
}

programs="$(missing_programs | tr '\n' ' ')"
if [ -z "${programs// /}" ] && [ -x "$venv/bin/songthan" ] && [ "$(cat "$stamp" 2>/dev/null)" = "$want" ]; then
  exit 0
fi

if [ -n "${programs// /}" ]; then
  as_root=""
  if [ "$(id -u)" != 0 ]; then
    if command -v sudo >/dev/null && sudo -n true 2>/dev/null; then as_root="sudo -n"; else
      need "missing: $programs- ask whoever looks after this machine to run: apt-get install -y --no-install-recommends $programs"
    fi
  fi
  command -v apt-get >/dev/null || need "missing: $programs- this is not a Debian machine; install them by its own means and run 'make setup' again"
  echo "setup: installing $programs"
  export DEBIAN_FRONTEND=noninteractive
  $as_root apt-get update -qq || need "the package lists could not be read; check the network and run 'make setup' again"
  # shellcheck disable=SC2086
  $as_root apt-get install -y -qq --no-install-recommends $programs >/dev/null \
    || need "apt could not install: $programs- see the lines above"
fi

python3 -c 'import sys; sys.exit(sys.version_info < (3, 11))' || need "Python 3.11 or newer is needed; this machine has $(python3 --version)"
echo "setup: Python libraries (about a minute, 400 MB)"
[ -x "$venv/bin/python" ] || python3 -m venv "$venv"
[ -x "$venv/bin/uv" ] || "$venv/bin/python" -m pip install -q --disable-pip-version-check uv \
  || need "uv could not be installed; check that PyPI can be reached"
"$venv/bin/uv" pip install -q --python "$venv/bin/python" --require-hashes -r requirements.lock \
  || need "the locked libraries could not be installed; check that PyPI can be reached"
"$venv/bin/uv" pip install -q --python "$venv/bin/python" --no-deps -e . || need "songthan itself could not be installed"

# The official faces: only the font files of this wheel are used. They are fetched, never committed (docs/decisions/0002).
share="$venv/share/songthan"
if [ ! -e "$share/fonts/THSarabun-Regular.ttf" ]; then
  echo "setup: TH SarabunPSK and TH Sarabun New"
  box="$(mktemp -d)"; trap 'rm -rf "$box"' EXIT
  "$venv/bin/python" -m pip download -q --disable-pip-version-check --no-deps -d "$box" \
    'odoo-addon-l10n-th-base-utils==19.0.2.0.0' || need "the official fonts could not be fetched; check that PyPI can be reached"
  mkdir -p "$share/fonts"
  "$venv/bin/python" - "$box" "$share/fonts" <<'PY'
import pathlib, sys, zipfile
box, out = map(pathlib.Path, sys.argv[1:])
with zipfile.ZipFile(next(box.glob("*.whl"))) as wheel:
    for name in wheel.namelist():
        if "/static/fonts/thai/THSarabun" in name and not name.endswith("/"):
            (out / pathlib.PurePosixPath(name).name).write_bytes(wheel.read(name))
PY
fi
cat >"$share/fonts.conf" <<CONF
<?xml version="1.0"?>
<!DOCTYPE fontconfig SYSTEM "urn:fontconfig:fonts.dtd">
<fontconfig>
  <include ignore_missing="yes">/etc/fonts/fonts.conf</include>
  <dir prefix="relative">fonts</dir>
  <cachedir prefix="xdg">fontconfig</cachedir>
</fontconfig>
CONF
echo "$want" >"$stamp"
echo "setup: done"
