#!/usr/bin/env bash
# What the pacing benchmark needs besides the project: nginx, curl and GNU parallel, from Debian's
# packages. Installs what is missing if it may, says what is missing if it may not.
#
# It starts and stops no service. On a machine that starts services on installation, Debian's nginx
# does so on port 80; that one is left alone, and the benchmark never uses it.
set -euo pipefail

PATH=$PATH:/usr/sbin:/sbin # where Debian puts nginx; not everybody's PATH has it

missing() {
	command -v nginx >/dev/null || echo nginx-light
	command -v curl >/dev/null || echo curl
	# Another program called parallel comes with moreutils; only GNU's knows --version like this.
	parallel --version 2>/dev/null | grep -q '^GNU parallel' || echo parallel
}

mapfile -t packages < <(missing)
if ((${#packages[@]} == 0)); then
	echo 'nginx, curl and GNU parallel are there.'
	exit 0
fi
if ! command -v apt-get >/dev/null; then
	echo "Missing: ${packages[*]}. There is no apt-get here; install them in this machine's own way." >&2
	exit 1
fi
if ((EUID != 0)); then
	echo "Missing: ${packages[*]}. Only root may install them: sudo apt-get install ${packages[*]}" >&2
	exit 1
fi

echo "Installing ${packages[*]} ..."
export DEBIAN_FRONTEND=noninteractive
apt-get update --quiet --quiet
apt-get install --yes --quiet --quiet --no-install-recommends "${packages[@]}"

mapfile -t packages < <(missing)
if ((${#packages[@]} > 0)); then
	echo "Still missing after the installation: ${packages[*]}." >&2
	exit 1
fi
echo 'nginx, curl and GNU parallel are there.'
