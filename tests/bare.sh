# shellcheck shell=sh
# SPDX-License-Identifier: MIT
# bare_tree TREE [PACKAGE...]: a bare Debian 12 in TREE, with those packages.  To be sourced.
# Packages come from where this machine gets its own.

mirror() {
	# shellcheck disable=SC2016 # apt's variables
	apt-get indextargets --format '$(REPO_URI) $(CODENAME)' | sed -n 's/ bookworm$//p' | head -n 1
}

# How this machine reaches its packages: apt's sources, npm's and pip's settings, names.
borrow_settings() { # TREE
	cp -a /etc/apt/. "$1/etc/apt/"
	for file in /etc/resolv.conf /etc/hosts /etc/npmrc /root/.npmrc /etc/pip.conf; do
		[ ! -f "$file" ] || cp -L --parents "$file" "$1"
	done
	[ ! -d /usr/local/share/ca-certificates ] || cp -a --parents /usr/local/share/ca-certificates "$1"
	mkdir -p "$1/etc/ssl/certs"
	cp -L /etc/ssl/certs/ca-certificates.crt "$1/etc/ssl/certs/" 2>/dev/null || true
}

# inside TREE COMMAND: a shell's command as root in it.
inside() {
	chroot "$1" /usr/bin/env HOME=/root DEBIAN_FRONTEND=noninteractive \
		PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin sh -c "$2"
}

bare_tree() {
	tree=$1
	shift
	source=$(mirror)
	mount --bind "$tree" "$tree" # a root that is no mount has no mount namespaces below it
	debootstrap --variant=minbase bookworm "$tree" "${source:?apt knows no source of bookworm}"
	rm -f "$tree/etc/apt/sources.list"
	chmod 755 "$tree"
	borrow_settings "$tree"
	mount -t proc proc "$tree/proc"
	mount --rbind /dev "$tree/dev"
	mount -t tmpfs tmpfs "$tree/dev/shm"
	inside "$tree" "apt-get -qq update"
	[ $# -eq 0 ] || inside "$tree" "apt-get -qq -y --no-install-recommends install $* </dev/null"
}
