#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Tests of the lab itself, run on the host: what it passes on, and what it says when a VM fails.

set -euo pipefail

lab_dir=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd -P)
tree=$(cd "$lab_dir/../.." && pwd -P)
mkdir -p "$tree/build"
scratch=$(mktemp -d "$tree/build/lab-selftest.XXXXXX")
trap 'rm -rf "$scratch"' EXIT
passed=0
failed=0

# lab NAME ARGS...: runs lab; leaves $scratch/NAME.out, .err and .status.
lab() {
	local name=$1 status=0
	shift
	"$lab_dir/lab" "$@" >"$scratch/$name.out" 2>"$scratch/$name.err" || status=$?
	echo "$status" >"$scratch/$name.status"
}

# expect NAME SENTENCE COMMAND...: one case; when COMMAND fails, shows what the run NAME gave.
expect() {
	local name=$1 sentence=$2
	shift 2
	if "$@"; then
		echo "ok - $sentence"
		passed=$((passed + 1))
		return
	fi
	echo "not ok - $sentence"
	failed=$((failed + 1))
	echo "    failed: $*"
	sed 's/^/    stdout: /' "$scratch/$name.out" | tail -n 20
	sed 's/^/    stderr: /' "$scratch/$name.err" | tail -n 60
	echo "    status: $(cat "$scratch/$name.status")"
}

status_is() {
	[[ $(cat "$scratch/$1.status") == "$2" ]]
}

says() {
	grep -q -- "$2" "$scratch/$1"
}

test_usage() {
	lab usage run --kernel oldest true
	expect usage "a wrong option gives the usage and status 2" status_is usage 2
}

# Nothing listens on port 9 of this host.
test_offline() {
	XDG_CACHE_HOME=$scratch/empty MIRROR=http://127.0.0.1:9/debian lab offline build
	expect offline "without mirror and cache the build fails with 125" status_is offline 125
	expect offline "it names the mirror that does not answer" says offline.err 127.0.0.1:9
	expect offline "it names the remedy" says offline.err MIRROR=URL
}

test_output() {
	local make_bytes='seq 1 100000; printf "\0\377\r\n"; head -c 3 /dev/zero'

	bash -c "$make_bytes" >"$scratch/bytes"
	(cd "$scratch" && MIRROR=http://127.0.0.1:9/debian LAB_REFRESH=1 lab output run -- bash -c "
		$make_bytes
		echo to stderr >&2
		echo written by the guest >file
		exit 3")
	expect output "the status of the command is passed on" status_is output 3
	expect output "its output arrives byte for byte" cmp "$scratch/bytes" "$scratch/output.out"
	expect output "its stderr arrives on stderr" says output.err '^to stderr$'
	expect output "it runs in the current directory of the host, and can write there" \
		says file "written by the guest"
	expect output "without mirror a complete cache is enough" status_is output 3
	expect output "it says that the kernel is an old one" says output.err "kernel of the cache"
}

# A VM that only waits, and one beside it.
test_two_at_once() {
	lab timeout run --timeout 30 -- bash -c 'sleep 1000' &
	lab stock run --kernel stock -- bash -c 'uname -r && kill -TERM $$'
	wait
	expect stock "the stock kernel of Debian 13 boots, beside another VM" says stock.out '^6\.12\.'
	expect stock "a command that SIGTERM ended gives 143" status_is stock 143
	expect timeout "a command that does not end gives 124" status_is timeout 124
	expect timeout "it says how long it waited" says timeout.err "TIMEOUT: .* after 3[0-9] s (--timeout)"
	expect timeout "it shows the console" says timeout.err '^    | \[ *[0-9.]*\] '
}

test_panic() {
	lab panic run --timeout 120 -- bash -c '
		echo before
		sleep 1
		echo c >/proc/sysrq-trigger'
	expect panic "a panic gives 125" status_is panic 125
	expect panic "it says that it was a panic, and which" \
		says panic.err "PANIC: .*Kernel panic - not syncing: sysrq triggered crash"
	expect panic "it shows the console" says panic.err "sysrq_handle_crash"
	expect panic "output from before it is not lost" says panic.out '^before$'
}

test_icount() {
	lab icount run --icount --timeout 300 -- bash -c 'nproc; sleep 600; echo slept'
	expect icount "with --icount there is one processor" says icount.out '^1$'
	expect icount "ten idle minutes take less than five of the host" says icount.out '^slept$'
}

test_usage
test_output
test_offline
test_two_at_once
test_panic
test_icount
echo "$passed passed, $failed failed, 0 skipped"
((failed == 0))
