#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# leak-selftest.sh - a leak in a unit test fails "make asan"
#
#   ASAN_OPTIONS=... test/unit/leak-selftest.sh CC FLAGS...
#
# Criterion 2.4 hides the exit status that LeakSanitizer gives a test's process: the leak is printed
# and the test passes. ASAN_OPTIONS=abort_on_error=1 turns it into a crash, which Criterion reports.
# Here one test that leaks and one that does not are compiled by CC and FLAGS, and run with the
# options of the environment: both have to be those of "make asan", or this proves nothing.
set -euo pipefail

dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
passed=0 failed=0

# verdict NAME OK - count a check; on failure print what the program said
verdict() {
	if [ "$2" = yes ]; then
		passed=$((passed + 1))
	else
		failed=$((failed + 1))
		echo "leak-selftest: $1 failed; the program was compiled with: ${compile[*]}"
		echo "leak-selftest: ASAN_OPTIONS=${ASAN_OPTIONS:-}; it said:"
		cat "$dir/log"
	fi
}

# build NAME BODY - a Criterion program of one test
build() {
	printf '%s\n' '#include <criterion/criterion.h>' '#include <stdlib.h>' \
		'static void *volatile kept;' "Test(leak, $1) { $2 }" >"$dir/$1.c"
	"${compile[@]}" "$dir/$1.c" -o "$dir/$1" "${libs[@]}"
}

run() {
	"$dir/$1" --jobs 1 >"$dir/log" 2>&1
}

main() {
	local ok

	build leaks 'kept = malloc(4711); cr_assert(kept); kept = NULL;'
	build clean 'kept = malloc(4711); cr_assert(kept); free(kept); kept = NULL;'

	ok=no
	if ! run leaks && grep -q 'LeakSanitizer: detected memory leaks' "$dir/log" &&
		grep -q '4711 byte' "$dir/log"; then
		ok=yes
	fi
	verdict "a test that leaks fails, and LeakSanitizer says why" "$ok"

	ok=no
	if run clean && grep -q 'Passing: 1 | Failing: 0 | Crashing: 0' "$dir/log"; then
		ok=yes
	fi
	verdict "a test that does not leak passes" "$ok"

	echo "$passed passed, $failed failed, 0 skipped"
	[ "$failed" = 0 ]
}

if [ $# = 0 ]; then
	echo "usage: ASAN_OPTIONS=... $0 CC FLAGS... (\"make asan\" runs it)" >&2
	exit 2
fi
compile=("$@")
read -ra libs <<<"$(pkg-config --cflags --libs criterion)"
main
