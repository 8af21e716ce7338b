# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash disable=SC2034,SC2119,SC2120,SC2154 # shared with runner and cases
# words.sh - the language the suite's cases are written in; sourced by test/suite/run
#
# World of a case: NIC ln0, wired to ln1; Pods p1, p2, ... are network namespaces; network "lab".
# A case that fails prints what it said; "die" ends it.

bpffs=/sys/fs/bpf
near=02:6c:6e:00:00:00 # MAC of ln0
declare -A pid=()

die() {
	echo "$*" >&2
	exit 1
}

# same WHAT GOT WANT
same() {
	[[ $2 == "$3" ]] || die "$1: got '$2', want '$3'"
}

# has WHAT TEXT PART...: TEXT contains each part
has() {
	local what=$1 text=$2 part
	shift 2

	for part; do
		[[ $text == *"$part"* ]] || die "$what: no '$part' in: $text"
	done
}

# await WHAT COMMAND...: waits at most 10 s until the command succeeds
await() {
	local what=$1 tries
	shift

	for ((tries = 0; tries < 500; tries++)); do
		if "$@" &>/dev/null; then
			return
		fi
		sleep 0.02
	done
	die "waited 10 s for $what: $*"
}

# start NAME PROGRAM...: in the background, until it says that it is ready
start() {
	local name=$1
	shift

	rm -f "$scratch/$name" # one of that name before was ready too
	"$@" >"$scratch/$name" 2>"$scratch/$name.err" &
	pid[$name]=$!
	await "$name to be ready: $(cat "$scratch/$name.err")" grep -q '^ready' "$scratch/$name"
}

# finish NAME: waits for it, and fails if it did not get what it was told to expect
finish() {
	wait "${pid[$1]}" ||
		die "$1: status $?: $(tail -n 1 "$scratch/$1") $(cat "$scratch/$1.err")"
}

# stop NAME: by SIGTERM, upon which it prints its result
stop() {
	kill "${pid[$1]}"
	wait "${pid[$1]}" || true
}

# result NAME FILTER: from the JSON object that it printed last
result() {
	tail -n 1 "$scratch/$1" | jq -r "$2"
}

# --- world ------------------------------------------------------------------------------------

link_is_up() {
	[[ $(cat "/sys/class/net/$1/operstate") == up ]]
}

# nic [OPTION...]: load the lab NIC, both ends up
nic() {
	insmod "$LABNIC_KO" "$@"
	ip link set ln0 up
	ip link set ln1 up
	await "the link" link_is_up ln0
	await "the link" link_is_up ln1
}

# pods NAME...: their network namespaces
pods() {
	local name

	for name; do
		ip netns add "$name"
		ip -n "$name" link set lo up
	done
}

netns() {
	echo "/run/netns/$1"
}

# --- nk-cni -----------------------------------------------------------------------------------

# conf [JQ-FILTER]: the network configuration of most cases, changed by a filter
conf() {
	jq -nc '{cniVersion: "1.0.0", name: "lab", type: "nk-cni", master: "ln0",
		 queues: {pool: "4-7"}} | '"${1:-.}"
}

# cni COMMAND POD CONF [VARIABLE=VALUE...]: one call, for interface nk0 of container c-POD
cni() {
	local command=$1 pod=$2 conf=$3
	shift 3

	env CNI_COMMAND="$command" CNI_CONTAINERID="c-$pod" CNI_IFNAME=nk0 \
		CNI_NETNS="$(netns "$pod")" CNI_PATH=/opt/cni/bin "$@" "$nk" <<<"$conf"
}

# add POD [CONF]: must succeed; the result is kept as the prevResult of later calls
add() {
	local pod=$1 conf=${2:-$(conf)}

	cni ADD "$pod" "$conf" >"$scratch/$pod.result" || die "ADD $pod: $(cat "$scratch/$pod.result")"
	jq -c --slurpfile r "$scratch/$pod.result" '. + {prevResult: $r[0]}' <<<"$conf" \
		>"$scratch/$pod.conf"
}

# del POD [VARIABLE=VALUE...]: must succeed and say nothing
del() {
	local pod=$1 said
	shift

	said=$(cni DEL "$pod" "$(cat "$scratch/$pod.conf")" "$@") || die "DEL $pod: $said"
	same "what DEL $pod said" "$said" ""
}

# check POD: must succeed
check() {
	local said

	said=$(cni CHECK "$1" "$(cat "$scratch/$1.conf")") || die "CHECK $1: $said"
}

# interface POD MEMBER: of the Pod's interface in its result
interface() {
	jq -r ".interfaces[0].$2" "$scratch/$1.result"
}

mac() {
	interface "$1" mac
}

# refused COMMAND CODE PARTS... -- POD CONF [VARIABLE=VALUE...]: fails with exit status 1, one error
# object of that code, and a text that holds each part
refused() {
	local command=$1 code=$2 said status=0 parts=()
	shift 2

	while [[ $1 != -- ]]; do
		parts+=("$1")
		shift
	done
	shift
	said=$(cni "$command" "$@" 2>"$scratch/stderr") || status=$?
	same "exit status of $command ($said)" "$status" 1
	said=$(jq -r '"\(.code) \(.msg); \(.details)"' <<<"$said")
	same "code of $command ($said)" "${said%% *}" "$code"
	has "error of $command" "$said" "${parts[@]}"
}

# --- looking ----------------------------------------------------------------------------------

# dump: all that nk-cni could have changed: NIC, queues, filter, netns, bpffs. Not in it: NAPI ids,
# carrier, which settles by itself, and netns ids, which the kernel cannot take back. Few processes,
# for it is done often.
dump() {
	local name names

	names=$(ip netns list | cut -d ' ' -f 1 | sort)
	{
		for name in "" $names; do
			echo "== netns ${name:-host}"
			ip ${name:+-n "$name"} -d addr show
			ip ${name:+-n "$name"} route show table all
		done
		echo "== NIC"
		if [[ -d /sys/class/net/ln0 ]]; then
			bridge fdb show dev ln0
			ethtool -x ln0
			ethtool -l ln0
			tools/netdev queues --dev ln0
		fi
		echo "== bpffs"
		find "$bpffs" -printf '%p %m %U:%G\n' | sort
		bpftool link show
	} | sed -E "s/'napi-id': [0-9]+//; s/ link-netnsid [0-9]+//; s/NO-CARRIER,|,LOWER_UP//g
		s/ state (UP|DOWN|UNKNOWN|LOWERLAYERDOWN)//"
}

# unchanged COMMAND...: the dump is the same before and after
unchanged() {
	dump >"$scratch/before"
	"$@"
	dump >"$scratch/after"
	diff -u "$scratch/before" "$scratch/after" >"$scratch/diff" ||
		die "changed by: $*"$'\n'"$(cat "$scratch/diff")"
}

# nothing_left: no lease, device, pin, claim or filter entry of ours
nothing_left() {
	local name

	same "leases of ln0" "$(leases)" 0
	same "pins" "$(find "$bpffs" -mindepth 1)" ""
	same "filter" "$(bridge fdb show dev ln0 | grep -v '^33:33:\|^01:00:5e:' || true)" ""
	same "XDP on ln0" "$(ip -j -d link show dev ln0 | jq -r '.[0].xdp.mode // "none"')" none
	for name in $(ip netns list | awk '{print $1}'); do
		same "devices in $name" "$(ip -n "$name" -br link | awk '{print $1}' | xargs)" lo
	done
}

leases() {
	tools/netdev queues --dev "${1:-ln0}" --json | jq '[.[] | select(.lease)] | length'
}

# claims: "queue container", a line each, as the kernel has them
claims() {
	bpftool -j map dump pinned "$bpffs/nk-cni/${1:-ln0}/claims" | jq length
}

# counter NAME: of ethtool -S ln0
counter() {
	ethtool -S ln0 | awk -v name="$1:" '$1 == name { print $2; seen = 1 } END { exit !seen }' ||
		die "ln0 has no counter $1"
}

# --- traffic ----------------------------------------------------------------------------------

# wire COUNT FLOWS OPTION...: from the far end
wire() {
	local count=$1 flows=$2
	shift 2

	tools/wire send --dev ln1 --count "$count" --flows "$flows" "$@" >/dev/null
}

# plan COUNT FLOWS [OPTION...]: frames per queue by our own Toeplitz over the kernel's own key and
# table: {"0": n, ...}
plan() {
	local count=$1 flows=$2 rss
	shift 2

	rss=$(ethtool -x ln0)
	tools/wire plan --count "$count" --flows "$flows" "$@" \
		--key "$(grep -A1 '^RSS hash key:' <<<"$rss" | tail -n 1)" \
		--indir "$(sed -n 's/^ *[0-9]*: *//p' <<<"$rss" | tr -s ' \n' ',' | sed 's/,$//')" |
		jq -c .frames
}

# steer QUEUE: every frame with an IP header goes there
steer() {
	local i weights=()

	for ((i = 0; i < $1; i++)); do
		weights+=(0)
	done
	ethtool -X ln0 weight "${weights[@]}" 1
}

# socket NAME POD QUEUE OPTION...: an AF_XDP application in the Pod, zero copy or nothing
socket() {
	local name=$1 pod=$2 queue=$3
	shift 3

	start "$name" tools/xsk --netns "$(netns "$pod")" --dev nk0 --queue "$queue" --zerocopy \
		--map "$(interface "$pod" socketPath)" "$@"
}
