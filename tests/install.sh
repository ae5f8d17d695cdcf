#!/usr/bin/env bash
# What the tests need besides the project, from Debian's packages: LibreOffice's spreadsheet (it
# makes files of the corpus, and opens the workbooks of the reports) and Chromium (it opens the
# report's page). Installs what is missing if it may, says what is missing if it may not; without
# them the tests that need them are skipped.
set -euo pipefail

missing() {
	command -v soffice >/dev/null || echo libreoffice-calc-nogui
	command -v chromium >/dev/null || echo chromium
}

install() {
	apt-get update --quiet --quiet &&
		apt-get install --yes --quiet --quiet --no-install-recommends "$@"
}

mapfile -t packages < <(missing)
if ((${#packages[@]} == 0)); then
	echo 'LibreOffice and Chromium are there.'
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
if ! install "${packages[@]}"; then
	# A mirror that is being renewed gives lists and packages that don't fit; a little later it does.
	echo 'That failed; once more in ten seconds ...' >&2
	sleep 10
	install "${packages[@]}"
fi

mapfile -t packages < <(missing)
if ((${#packages[@]} > 0)); then
	echo "Still missing after the installation: ${packages[*]}." >&2
	exit 1
fi
echo 'LibreOffice and Chromium are there.'
