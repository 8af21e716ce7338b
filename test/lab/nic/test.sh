#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# Tests the lab NIC by itself, without nk-cni. As root in the lab:
#   test/lab/lab run -- test/lab/nic/test.sh [WORD...]
# With words, only the cases whose sentence contains one of them are run.
#
# Each case starts from a freshly loaded module, so all counters start at zero, and ends with a
# look at the kernel's log.
set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd -P)
tools=${NK_TEST_TOOLS:-$here/../../../build/test}
wanted=("$@")
passed=0
failed=0
# The log lines by which a kernel says that something is wrong.
trouble='WARNING:|BUG:|Oops|Call Trace|Unable to handle|refcount_t|hung|to become free'

# shellcheck source=test/lab/nic/test/words.sh
source "$here/test/words.sh"

# is_wanted SENTENCE
is_wanted() {
	local word

	for word in "${wanted[@]}"; do
		if [[ $1 == *"$word"* ]]; then
			return
		fi
	done
	((${#wanted[@]} == 0))
}

# Before a case's shell ends: the counters if it failed; then its jobs, also those it stopped.
end_case() {
	local status=$? jobs device

	if ((status)); then
		for device in ln0 ln1; do
			ethtool -S $device | grep -v ': 0$' || true
		done
	fi
	jobs=$(jobs -p)
	if [[ $jobs ]]; then
		# shellcheck disable=SC2086 # one word each
		kill -CONT $jobs 2>/dev/null || true
		# shellcheck disable=SC2086
		kill $jobs 2>/dev/null || true
		wait || true
	fi
	return "$status"
}

# judge SENTENCE CASE: runs the function CASE in a shell of its own and prints whether it is so
judge() {
	local sentence=$1 case=$2 status=0

	if ! is_wanted "$sentence"; then
		return
	fi
	dmesg --clear
	set +e
	(
		set -e
		trap end_case EXIT
		"$case"
	) >"$scratch/output" 2>&1
	status=$?
	set -e
	clean >>"$scratch/output" 2>&1 || status=$?
	if dmesg | grep -qE "$trouble"; then
		dmesg >>"$scratch/output"
		status=1
	fi
	if ((status == 0)); then
		echo "ok - $sentence"
		((++passed))
	else
		echo "not ok - $sentence"
		sed 's/^/    | /' "$scratch/output"
		((++failed))
	fi
}

[[ ${LABNIC_KO:-} && -f $LABNIC_KO ]] || die "LABNIC_KO names no labnic.ko: run this in the lab"
[[ -x $tools/wire ]] || die "$tools/wire is missing: build the test programs first"
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
mkdir "$scratch/bin"	# the tree's file system is slow here
cp "$tools"/{netdev,wire,xdpprog,xsk} "$scratch/bin"
tools=$scratch/bin
# Only what the cases send shall be on the wire.
sysctl -qw net.ipv6.conf.default.disable_ipv6=1
modprobe netkit
clean

# shellcheck source=test/lab/nic/test/frames.sh
source "$here/test/frames.sh"
# shellcheck source=test/lab/nic/test/sockets.sh
source "$here/test/sockets.sh"
# shellcheck source=test/lab/nic/test/queues.sh
source "$here/test/queues.sh"
((passed + failed)) || die "no case has any of these words: ${wanted[*]}"
echo "$passed passed, $failed failed, 0 skipped"
((failed == 0))
