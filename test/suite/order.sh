# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash disable=SC2034,SC2119,SC2120,SC2154 # shared with the runner and the cases
# order.sh - the words of cases about two calls at once; sourced by them
#
# The IPAM plugin is test/tools/ledger, whose reservations are files. A call is written down as
# test/tools/between wants it, and named: add_p1, del_p1, add_p2, del_p2, gc,
# sweep.

# shellcheck source=test/suite/sliced.sh
source "$suite/sliced.sh"

pair='{"cniVersion":"1.1.0","name":"lab","type":"nk-cni","pairing":"pair","ipam":{"type":"ledger"}}'
queued=${plain/1.0.0/1.1.0}
queued=${queued%\}},'"ipam":{"type":"ledger"}}'
points=0
total=0
violations=0
turn=0

# write_call NAME COMMAND POD CONF [VARIABLE=VALUE...]
write_call() {
	local name=$1 command=$2 pod=$3 conf=$4
	shift 4

	printf '%s\n' "CNI_COMMAND=$command" "CNI_CONTAINERID=${pod:+c-$pod}" "CNI_IFNAME=${pod:+$ifname}" \
		"CNI_NETNS=${pod:+/run/netns/$pod}" "CNI_PATH=$work/tools" "$@" >"$scratch/$name.env"
	echo "$conf" >"$scratch/$name.in"
}

# prepare_calls CONF IFNAME: for two Pods, and a GC that lists nobody
prepare_calls() {
	local conf=$1 pod
	ifname=$2

	rm -rf /run/ledger
	for pod in p1 p2; do
		[[ -e /run/netns/$pod ]] || pods "$pod"
		write_call "add_$pod" ADD "$pod" "$conf"
		write_call "del_$pod" DEL "$pod" "$conf"
	done
	: >"$scratch/sweep.env"
	: >"$scratch/sweep.in"
	echo gc >"$scratch/sweep.args"
	write_call gc GC "" "${conf%\}},\"cni.dev/valid-attachments\":[]}"
}

# call NAME [WORD...]: by itself, after these words; its status
call() {
	local line variables=()

	mapfile -t variables <"$scratch/$1.env"
	(
		for line in "${variables[@]}"; do
			export "${line?}"
		done
		"${@:2}" "$nk" <"$scratch/$1.in" >"$scratch/$1.out" 2>&1
	)
}

# state: what there is of attachments, addresses with their owners, and notes; how often the IPAM plugin
# was asked to free p1's address
state() {
	local path line out=() freed=0

	for path in /sys/class/net/nk* "$bpffs"/nk-cni/ln0/q* /run/nk-cni/journal.d/*/*/*; do
		[[ $path == *\* || $path == */queues ]] || out+=("${path##*/}")
	done
	for path in /run/ledger/10.*; do
		[[ $path == *\* ]] || out+=("${path##*/}:$(<"$path")")
	done
	if [[ -e /run/ledger/.calls ]]; then
		while read -r line; do
			[[ $line != "DEL c-p1 "* ]] || freed=$((freed + 1))
		done </run/ledger/.calls
	fi
	echo "${out[*]}${out[*]:+ }freed:$freed"
}

# interleave FIRST SECOND [NAME...]: SECOND at system calls of FIRST, all of them or each share-th; what
# NAME... have made is there before, and gone_p1 is the end of p1's device. The end is that of one of the two
# orders (test/tools/between). With "retry=NAME", after that call was repeated if it failed.
interleave() {
	local said line

	turn=$((turn + 1))
	said=$(tools/between points --program "$nk" --dir "$scratch" --bpffs "$bpffs" --device "$ifname" \
		--share "$share" --retry "${retry:-}" --skip "$(((turn * 31 + shard) % share))" \
		--first "$1" --second "$2" --before "$(IFS=, && echo "${*:3}")") ||
		die "$2 at calls of $1: $said"
	line=${said##*$'\n'}
	[[ $said == "$line" ]] || echo "${said%$'\n'*}"
	read -ra line <<<"$line"
	points=$((points + line[0]))
	total=$((total + line[1]))
	violations=$((violations + line[2]))
	progress "$2 at calls of $1: $points points of $total, $violations violations"
}

# points_are_clean: the verdict
points_are_clean() {
	echo "note: $points points of $total, $violations violations"
	((violations == 0))
}

# ipam_plugin NAME SCRIPT: an IPAM plugin that runs the script, then the ledger
ipam_plugin() {
	# shellcheck disable=SC2016 # the plugin expands it
	printf '#!/bin/bash\n%s\nexec "$(dirname "$0")/ledger"\n' "$2" >"$work/tools/$1"
	chmod +x "$work/tools/$1"
}

# slow_plugin: whose ADD waits until $scratch/answer is there
slow_plugin() {
	ipam_plugin slow "[[ \$CNI_COMMAND != ADD ]] || { touch $scratch/asked
		until [[ -e $scratch/answer ]]; do sleep 0.05; done; }"
}
