#!/bin/sh
# SPDX-License-Identifier: MIT
#
# The two commands of the README on a fresh Debian 12: a bare chroot with git and
# make, a clean clone of what is committed here, `make run` until all four ports
# answer, then `make test`.  Prints how long each took; build/chroot/ keeps what was
# said and the packages that came with each step.
#
#   sudo tests/chroot.sh [run|test]    both, if neither is named
#
# The work happens in mount and process namespaces of its own: however this script
# ends, its mounts and processes end with it.  Packages come from where this machine
# gets its own.  The ports are the default ones unless the environment says otherwise.
set -eu
PATH=$PATH:/usr/sbin:/sbin
root=$(cd "$(dirname "$0")/.." && pwd)

if [ -z "${CHROOT_INSIDE-}" ]; then
	for command in debootstrap unshare git; do
		command -v "$command" >/dev/null || {
			echo "chroot.sh: $command is missing" >&2
			exit 1
		}
	done
	CHROOT_INSIDE=$(mktemp -d /var/tmp/monlight-chroot.XXXXXX)
	export CHROOT_INSIDE
	trap 'rm -rf --one-file-system "$CHROOT_INSIDE"' EXIT
	unshare --mount --pid --fork --kill-child --propagation private "$0" "$@" &
	inside=$!
	trap 'kill -KILL $inside; exit 130' INT TERM HUP
	status=0
	wait "$inside" || status=$?
	exit "$status"
fi

tree=$CHROOT_INSIDE
notes=$root/build/chroot
mkdir -p "$notes"

# shellcheck source=tests/bare.sh disable=SC1091
. "$root/tests/bare.sh"
packages() {
	inside "$tree" "dpkg-query -W -f '\${Package} \${Version}\n'" >"$notes/$1"
}
# step NAME COMMAND: runs it inside, says how long it took.
step() {
	begun=$(date +%s)
	if inside "$tree" "$2" >"$notes/$1.log" 2>&1; then
		echo "$1: $(($(date +%s) - begun)) s"
	else
		tail -n 60 "$notes/$1.log" >&2
		echo "$1: FAILED after $(($(date +%s) - begun)) s; see $notes/$1.log" >&2
		exit 1
	fi
}

make_tree() {
	bare_tree "$tree" git make >"$notes/base.log" 2>&1
	git clone -q "file://$root" "$tree/root/monlight"
}

# Until every port answers, then an end as by Ctrl-C, after which nothing may be left.
run_commands() {
	cat <<'END'
cd /root/monlight
cat >/tmp/ready <<'READY'
for port in ${ERROR_TRACKER_PORT:-5010} ${LOG_VIEWER_PORT:-5011} ${METRICS_COLLECTOR_PORT:-5012} ${BROWSER_RELAY_PORT:-5013}; do
	exec 3<>"/dev/tcp/127.0.0.1/$port" || exit 1
	printf 'GET /health HTTP/1.0\r\n\r\n' >&3
	read -r _ code _ <&3 && [ "$code" = 200 ] || exit 1
done
READY
make run &
made=$!
until bash /tmp/ready 2>/dev/null; do
	kill -0 $made 2>/dev/null || exit 1
	sleep 0.5
done
kill -TERM "$(cat var/run/monlight.pid)"
wait $made || exit 1
! cat /proc/[0-9]*/comm 2>/dev/null | grep -E '^(lighttpd|monlight-)'
END
}

make_tree
packages base
case ${1-both} in both | run)
	step run "$(run_commands)"
	packages run
	;;
esac
case ${1-both} in both | test)
	step test 'cd /root/monlight && .ci/run'
	packages test
	;;
esac
for list in run test; do
	[ ! -f "$notes/$list" ] || echo "$list: $(comm -13 "$notes/base" "$notes/$list" | wc -l) packages beyond the base, $(wc -l <"$notes/base")"
done
