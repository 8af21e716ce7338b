#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# build-host.sh - the plugin on the machine that built it, whose kernel cannot lease queues
#
# A kernel without netkit, one with pairs only, and one without netdev queue-create each get their
# own error; what this kernel has is found out without the plugin, by ip(8)'s own request.
set -uo pipefail
cd "$(dirname "$0")/../.." || exit 2

passed=0
failed=0
netns=""

# netns of a process that sleeps; needs no iproute2
make_netns() {
	unshare -n sleep 60 &
	netns=/proc/$!/ns/net
	while [[ $(readlink "$netns") == "$(readlink /proc/self/ns/net)" ]]; do
		sleep 0.01
	done
}

ok() {
	passed=$((passed + 1))
	echo "ok - $1"
}

not_ok() {
	failed=$((failed + 1))
	echo "not ok - $1: $2"
}

call() {
	CNI_COMMAND=$1 CNI_CONTAINERID=host CNI_IFNAME=nk0 CNI_NETNS=$netns build/nk-cni <<'JSON'
{"cniVersion": "1.0.0", "name": "lab", "type": "nk-cni", "master": "lo", "queues": {"ids": "1"}}
JSON
}

links() {
	nsenter --net="$netns" cat /proc/net/dev | wc -l
	wc -l </proc/net/dev
}

main() {
	local said before after status=0

	make_netns
	before=$(links)
	said=$(call ADD) || status=$?
	after=$(links)
	case "$said" in
	*"this kernel has no netkit\""*"Unknown device type"*"run Linux >= 7.1"* | \
		*"this kernel has no netkit single\""*"run Linux >= 7.1"* | \
		*"this kernel cannot lease receive queues\""*"run Linux >= 7.1"* | \
		*"cannot lease a receive queue\""*"virtual device"*) ;;
	*) status="$status, but said: $said" ;;
	esac
	if [[ $status == 1 && $before == "$after" ]]; then
		ok "ADD on Linux $(uname -r) is refused by name and changes nothing"
	else
		not_ok "ADD on Linux $(uname -r)" "status $status, devices $before, then $after"
	fi
	if said=$(call DEL) && [[ -z $said ]]; then
		ok "DEL on Linux $(uname -r) succeeds"
	else
		not_ok "DEL" "$said"
	fi
	kill %1
	echo "$passed passed, $failed failed, 0 skipped"
	[[ $failed == 0 ]]
}

main
