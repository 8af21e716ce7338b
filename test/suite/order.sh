# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash disable=SC2034,SC2119,SC2120,SC2154 # shared with the runner and the cases
# order.sh - the words of cases about two calls at once; sourced by them
#
# The IPAM plugin is test/tools/ledger, whose reservations are files. A call is written down as
# test/tools/between wants it, and named: add_p1, del_p1, add_p2, del_p2, gc. States are read by the
# shell itself, since every process costs.

# shellcheck source=test/suite/sliced.sh
source "$suite/sliced.sh"

pair='{"cniVersion":"1.1.0","name":"lab","type":"nk-cni","pairing":"pair","ipam":{"type":"ledger"}}'
queued=${plain/1.0.0/1.1.0}
queued=${queued%\}},'"ipam":{"type":"ledger"}}'
points=0
total=0

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

# reset [NAME...]: nothing is there but what these calls make
reset() {
	local name

	for name in p1 p2; do
		call "del_$name" || die "DEL of $name: $(<"$scratch/del_$name.out")"
	done
	rm -f /run/ledger/.calls
	same "after both DELs" "$(state)" "freed:0"
	for name; do
		call "$name" || die "$name: $(<"$scratch/$name.out")"
	done
	rm -f /run/ledger/.calls
}

# between N FIRST SECOND: into $said the line that the tool prints, but for the count, which is $count
between() {
	read -r count said < <(tools/between --program "$nk" --at "$1" --first "$scratch/$2" \
		--second "$scratch/second") || die "between"
}

# copy_call NAME: as the second of two, which may have the first's name
copy_call() {
	cp "$scratch/$1.env" "$scratch/second.env"
	cp "$scratch/$1.in" "$scratch/second.in"
}

# serially FIRST SECOND NAME...: into $end statuses and state, and into $calls the system calls of FIRST
serially() {
	local first=$1 second=$2

	reset "${@:3}"
	copy_call "$second"
	between 0 "$first"
	calls=$count
	end="${said% *} $(state)"
}

# interleave FIRST SECOND [NAME...]: SECOND at system calls of FIRST, all of them or each share-th; what
# NAME... have made is there before. The end is that of one of the two orders.
interleave() {
	local first=$1 second=$2 before=("${@:3}") n end calls said count one other swapped

	serially "$second" "$first" "${before[@]}"
	read -r swapped count other <<<"$end"
	other="$count $swapped $other"
	serially "$first" "$second" "${before[@]}"
	one=$end
	for ((n = 1 + points % share; n <= calls; n += share)); do
		reset "${before[@]}"
		between "$n" "$first"
		end="${said% *} $(state)"
		[[ $end == "$one" || $end == "$other" ]] ||
			die "$second at call $n of $first: '$end' is neither '$one' nor '$other': $(
				cat "$scratch/$first.out" "$scratch/second.out")"
		points=$((points + 1))
	done
	total=$((total + calls))
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
