#!/usr/bin/env bash
# What the tests and the benchmarks need besides the project, from Debian's packages:
#
#   soffice       makes files of the corpus, and opens the workbooks of the reports
#   chromium      opens the report's page
#   nginx         the API behind a real rate limit, and the server of the benchmarks
#   redis-server  holds the rate that several shards share
#   curl, parallel  what people use today; the benchmarks measure it beside
#
# Installs what is missing of all of them, or of those named as arguments, if it may; says what is
# missing if it may not. Without them the tests that need them are skipped.
#
# It starts and stops no service. On a machine that starts services on installation, Debian's nginx
# does so on port 80 and its redis on port 6379; those are left alone, and nothing here uses them.
set -euo pipefail

PATH=$PATH:/usr/sbin:/sbin # where Debian puts nginx; not everybody's PATH has it

wanted=("$@")
((${#wanted[@]})) || wanted=(soffice chromium nginx redis-server curl parallel)

package() {
	case $1 in
	soffice) echo libreoffice-calc-nogui ;;
	nginx) echo nginx-light ;;
	chromium | redis-server | curl | parallel) echo "$1" ;;
	*)
		echo "$1 is nothing that the tests or the benchmarks need." >&2
		return 1
		;;
	esac
}

is_there() {
	# Another program called parallel comes with moreutils; only GNU's knows --version like this.
	if [[ $1 == parallel ]]; then
		parallel --version 2>/dev/null | grep -q '^GNU parallel'
	else
		command -v "$1" >/dev/null
	fi
}

packages=()
look() {
	local program
	packages=()
	for program in "${wanted[@]}"; do
		is_there "$program" || packages+=("$(package "$program")")
	done
}

install() {
	apt-get update --quiet --quiet &&
		apt-get install --yes --quiet --quiet --no-install-recommends "${packages[@]}"
}

look
if ((${#packages[@]} == 0)); then
	echo "Already there: ${wanted[*]}."
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
if ! install; then
	# A mirror that is being renewed gives lists and packages that don't fit; a little later it does.
	echo 'That failed; once more in ten seconds ...' >&2
	sleep 10
	install
fi

look
if ((${#packages[@]} > 0)); then
	echo "Still missing after the installation: ${packages[*]}." >&2
	exit 1
fi
echo "Installed: ${wanted[*]}."
