# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash disable=SC2034,SC2154 # shared with the runner and the cases
# managers.sh - udev, systemd-networkd and NetworkManager of Debian 13 beside us; sourced by cases
#
# They run in a file system of their own (lab --with-managers), over a tmpfs, and manage this machine's
# network: only the mounts are theirs. Nothing of systemd is the first process.

# managers: $pid[managers] is in their file system, made anew for the case
managers() {
	[[ $MANAGERS ]] || die "the lab runs without --with-managers"
	mkdir "$scratch/over"
	# shellcheck disable=SC2016 # expanded by the inner shell
	unshare --mount bash -ec '
		mount -t tmpfs none "$2"
		mkdir "$2"/{files,work,root}
		mount -t overlay -o "lowerdir=$1,upperdir=$2/files,workdir=$2/work" none "$2/root"
		for name in dev proc sys run; do
			mount --rbind "/$name" "$2/root/$name"
		done
		echo 6e6b0000000000000000000000000001 >"$2/root/etc/machine-id"
		touch "$3"
		exec chroot "$2/root" sleep 3600' managers "$MANAGERS" "$scratch/over" "$scratch/made" &
	pid[managers]=$!
	await "the file system of the managers" test -e "$scratch/made"
}

# within COMMAND...: in their file system
within() {
	SYSTEMD_IGNORE_CHROOT=1 nsenter --target "${pid[managers]}" --mount --root --wd=/ "$@"
}

# daemon NAME COMMAND...: likewise, in the background. The job is the daemon itself, so that it ends with
# the case.
daemon() {
	SYSTEMD_IGNORE_CHROOT=1 nsenter --target "${pid[managers]}" --mount --root --wd=/ "${@:2}" \
		&>"$scratch/$1.err" &
}

# udev: with its default link policy
udev() {
	rm -f /run/udev/control
	daemon udev /usr/lib/systemd/systemd-udevd
	await "udev" test -S /run/udev/control
}

# settled: udev has done with all events
settled() {
	within udevadm settle --timeout=30 || die "udev does not come to an end"
}

# bus: the system bus, which NetworkManager wants
bus() {
	mkdir -p /run/dbus
	rm -f /run/dbus/system_bus_socket
	daemon bus dbus-daemon --system --nofork --nopidfile
	await "the system bus" test -S /run/dbus/system_bus_socket
}

# networkd: with the files that are installed
networkd() {
	mkdir -p /run/systemd
	rm -f /run/systemd/netif/io.systemd.Network
	daemon networkd /usr/lib/systemd/systemd-networkd
	await "networkd" test -S /run/systemd/netif/io.systemd.Network
}

network_manager() {
	daemon nm NetworkManager --no-daemon --log-level=INFO
	await "NetworkManager" within nmcli general status
}

# install FILE PATH: one of conf/, or of the case's, for them
install() {
	within mkdir -p "${2%/*}"
	within tee "$2" <"$1" >/dev/null
}
