#!/usr/bin/env bash
# Makes sure that a Chromium is there for the browser tests.
set -euo pipefail
[[ -n ${CHROMIUM:-} ]] && exit 0
command -v chromium >/dev/null || command -v chromium-browser >/dev/null && exit 0
sudo=$( ((EUID)) && echo sudo || true)
$sudo apt-get update -qq
$sudo env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends chromium
