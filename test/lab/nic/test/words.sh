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
	awk 'NR > 1 && $7 != 0 { left = 1 } END { exit left }' /proc/net/packet	# $7: bytes unread
}

# A process costs a tenth of a second here, jq and awk two: what follows does without.

# result NAME KEY: a number from the JSON object that it printed at its end
result() {
	local json

	json=$(tail -n 1 "$scratch/$1")
	[[ $json =~ \"$2\":([0-9]+) ]] || die "$1 has no $2: $json"
	echo "${BASH_REMATCH[1]}"
}

# first COUNT NAME JSON: the first numbers of the flat object NAME in it, or 0, as "N N N ..."
first() {
	local count=$1 pairs i out=()

	[[ $3 =~ \"$2\":\{([^}]*)\} ]] || die "no $2: $3"
	IFS=, read -ra pairs <<<"${BASH_REMATCH[1]}"
	for ((i = 0; i < count; i++)); do
		out+=("${pairs[i]+${pairs[i]#*:}}")
		out[i]=${out[i]:-0}
	done
	echo "${out[*]}"
}

# recorded NAME: the frames per queue that `wire recv --per-queue` found recorded, as plan says it
recorded() {
	first "$(queues_of ln0)" per_queue "$(tail -n 1 "$scratch/$1")"
}

# Reads ethtool -S of a device into the array $value.
read_counters() {
	local name number

	value=()
	while read -r name number; do
		value[${name%:}]=$number
	done <<<"$(ethtool -S "$1")"
}

# counter DEVICE NAME [NAME...]: sum of these counters of ethtool -S
counter() {
	local device=$1 name sum=0
	declare -A value
	shift

	read_counters "$device"
	for name; do
		((sum += ${value[$name]?$device has no counter $name}))
	done
	echo "$sum"
}

# every DEVICE SUFFIX: sum of a counter over all queues there can be
every() {
	local name sum=0 seen=0
	declare -A value

	read_counters "$1"
	for name in "${!value[@]}"; do
		if [[ $name =~ ^q[0-9]+_$2$ ]]; then
			((sum += value[$name], ++seen))
		fi
	done
	((seen)) || die "$1 has no counter q*_$2"
	echo "$sum"
}

# per_queue SUFFIX: a counter of each queue of ln0 that is in use, as "N N N ..."
per_queue() {
	local i queues out=()
	declare -A value

	queues=$(queues_of ln0)
	read_counters ln0
	for ((i = 0; i < queues; i++)); do
		out+=("${value[q${i}_$1]?ln0 has no counter q${i}_$1}")
	done
	echo "${out[*]}"
}

# send COUNT FLOWS [OPTION...]: from the far end to ln0
send() {
	local count=$1 flows=$2
	shift 2

	"$tools/wire" send --dev ln1 --dst "$near" --count "$count" --flows "$flows" "$@" >/dev/null
}

# How many rx queues the device uses
queues_of() {
	local queues=("/sys/class/net/$1/queues/rx-"*)

	echo "${#queues[@]}"
}

# Reads the RSS table and key of ln0 into $table (an array) and $key.
read_rss() {
	local line entries

	table=()
	while read -r line; do
		case $line in
		*:*:*)
			key=$line
			;;
		[0-9]*:*)
			read -ra entries <<<"${line#*:}"
			table+=("${entries[@]}")
			;;
		esac
	done <<<"$(ethtool -x ln0)"
}

# How many entries of the RSS table each queue in use has, as "N N N ..."
spread() {
	local table key queues entry out=()

	read_rss
	queues=$(queues_of ln0)
	for ((entry = 0; entry < queues; entry++)); do
		out+=(0)
	done
	for entry in "${table[@]}"; do
		((++out[entry]))
	done
	echo "${out[*]}"
}

# plan COUNT FLOWS [OPTION...]: the frames per queue that the witness computes from the kernel's
# own RSS table and key, as "N N N ..." for all queues in use
plan() {
	local count=$1 flows=$2 table key json
	shift 2

	read_rss
	json=$("$tools/wire" plan --count "$count" --flows "$flows" "$@" \
		--key "$key" --indir "$(IFS=, && echo "${table[*]}")")
	first "$(queues_of ln0)" frames "$json"
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
	[[ $(<"/sys/class/net/$1/operstate") == up ]]
}

carrier() {
	echo "$(<"/sys/class/net/$1/carrier")"
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
		"$tools/netdev" lease --netns "$pod" --name nk0 --dev ln0 --queue "$queue" \
			>/dev/null
	done
}

# leased NAME QUEUE [OPTION...]: starts an AF_XDP application on a queue of nk0
leased() {
	local name=$1 queue=$2
	shift 2

	start "$name" "$tools/xsk" --netns "$pod" --dev nk0 --queue "$queue" "$@"
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
