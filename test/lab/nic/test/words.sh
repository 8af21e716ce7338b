# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash disable=SC2034,SC2154 # the cases use these variables, test.sh sets others
# The words in which the cases are written: to load the NIC, send, receive, count and compare.

map=/sys/fs/bpf/labnic-test
near=02:6c:6e:00:00:00	# MAC address of ln0
far=02:6c:6e:00:00:01	# of ln1
other=02:aa:bb:cc:dd:ee	# of nobody
pod=/run/netns/labnic-pod
declare -A pid	# of the programs started, by name

die() {
	echo "$*" >&2
	exit 1
}

# same WHAT GOT WANT
same() {
	[[ $2 == "$3" ]] || die "$1: got $2, want $3"
}

# Waits at most 10 s until a command succeeds.
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

# refused TEXT COMMAND...: the command must fail and say TEXT, on stderr or in the kernel's log.
refused() {
	local text=$1 output
	shift

	if output=$("$@" 2>&1); then
		die "not refused: $*"
	fi
	[[ $output$'\n'$(dmesg) == *"$text"* ]] || die "refused without '$text': $* said '$output'"
}

# start NAME PROGRAM...: runs it in the background and waits until it says that it is ready.
start() {
	local name=$1
	shift

	rm -f "$scratch/$name"	# an earlier one is ready too
	"$@" --idle-ms 100 >"$scratch/$name" &
	pid[$name]=$!
	await "$name to be ready" grep -q '^ready' "$scratch/$name"
}

# finish NAME: waits for it; fails when it did not get what it was told to expect.
finish() {
	wait "${pid[$1]}" || die "$1: status $?, $(tail -n 1 "$scratch/$1")"
}

# stop NAME: ends it by SIGTERM, upon which it still prints its result.
stop() {
	kill "${pid[$1]}"
	wait "${pid[$1]}" || true
}

# stop_host: the same for the packet socket "host", when it has read all that it was given.
stop_host() {
	await "the packet sockets to be read" all_read
	stop host
}

all_read() {
	awk 'NR > 1 && $7 != 0 { left = 1 } END { exit left }' /proc/net/packet
}

# result NAME FILTER: from the JSON object that it printed at its end
result() {
	tail -n 1 "$scratch/$1" | jq -r "$2"
}

# counter DEVICE NAME [NAME...]: sum of these counters of ethtool -S
counter() {
	local device=$1
	shift

	ethtool -S "$device" | awk -v names="$*" '
		BEGIN { n = split(names, list, " "); for (i in list) wanted[list[i] ":"] = 1 }
		$1 in wanted { sum += $2; seen++ }
		END { if (seen != n) exit 1; print sum }' || die "$device has not all of: $*"
}

# every DEVICE SUFFIX: sum of a counter over all queues
every() {
	ethtool -S "$1" | awk -v suffix="_$2:" '
		$1 ~ "^q[0-9]+" suffix "$" { sum += $2 } END { print sum + 0 }'
}

# per_queue SUFFIX: a counter of each queue of ln0 that is in use, as "N N N ..."
per_queue() {
	ethtool -S ln0 | awk -v suffix="_$1:" '$1 ~ "^q[0-9]+" suffix "$" { print $2 }' |
		head -n "$(queues_of ln0)" | paste -sd' '
}

# send COUNT FLOWS [OPTION...]: from the far end to ln0
send() {
	local count=$1 flows=$2
	shift 2

	"$tools/wire" send --dev ln1 --dst "$near" --count "$count" --flows "$flows" "$@" >/dev/null
}

# How many rx queues the device uses
queues_of() {
	find "/sys/class/net/$1/queues" -name 'rx-*' | wc -l
}

# The entries of the RSS table that ethtool -x prints, one per line
table() {
	sed -n '/^RSS hash key/q; s/^ *[0-9]*: *//p' | tr -s ' ' '\n' | grep .
}

# plan COUNT FLOWS [OPTION...]: the frames per queue that the witness computes from the kernel's
# own RSS table and key, as "N N N ..." for all queues in use
plan() {
	local count=$1 flows=$2 queues rss
	shift 2

	queues=$(queues_of ln0)
	rss=$(ethtool -x ln0)
	"$tools/wire" plan --count "$count" --flows "$flows" "$@" \
		--key "$(grep -A1 '^RSS hash key:' <<<"$rss" | tail -n 1)" \
		--indir "$(table <<<"$rss" | paste -sd,)" |
		jq -r --argjson n "$queues" '[range($n) as $q | .frames[$q | tostring] // 0] | @tsv' |
		tr '\t' ' '
}

# All frames go to this queue.
steer() {
	local i weights=()

	for ((i = 0; i < $1; i++)); do
		weights+=(0)
	done
	ethtool -X ln0 weight "${weights[@]}" 1
}

link_is_up() {
	[[ $(cat "/sys/class/net/$1/operstate") == up ]]
}

carrier() {
	cat "/sys/class/net/$1/carrier"
}

up() {
	ip link set ln0 up
	ip link set ln1 up
	await "the link" link_is_up ln0
	await "the link" link_is_up ln1
}

# Loads the module with these parameters and brings up ln0 and ln1.
load() {
	insmod "$LABNIC_KO" "$@"
	up
}

# The Pod's namespace, with as little noise in it as here.
make_pod() {
	ip netns add labnic-pod
	ip netns exec labnic-pod sysctl -qw net.ipv6.conf.default.disable_ipv6=1
}

# Creates the Pod's namespace and in it nk0, to which these queues of ln0 are leased as 1, 2, ...
lease() {
	local queue

	make_pod
	"$tools/netdev" single --netns "$pod" --name nk0 --queues $# >/dev/null
	for queue; do
		"$tools/netdev" lease --netns "$pod" --name nk0 --dev ln0 --queue "$queue" >/dev/null
	done
}

leases() {
	"$tools/netdev" queues --dev ln0 --json | jq '[.[] | select(.lease)] | length'
}

attach() {
	"$tools/xdpprog" attach --dev ln0 "$@" >/dev/null
}

restart_queue() {
	echo "$1" >/sys/class/net/ln0/device/restart_queue
}

# Everything that a case may leave behind.
clean() {
	ip netns del labnic-pod 2>/dev/null || true
	rm -f "$map"
	if [[ -d /sys/module/labnic ]]; then
		rmmod labnic
	fi
}
