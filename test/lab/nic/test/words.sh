# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash disable=SC2034,SC2154 # the cases use these variables, test.sh sets others
# The words of the lab NIC's own cases, beside those of test/words.sh.

map=/sys/fs/bpf/labnic-test
other=02:aa:bb:cc:dd:ee	# MAC address of nobody
pod=/run/netns/labnic-pod

# refused TEXT COMMAND...: the command must fail and say TEXT, on stderr or in the kernel's log.
refused() {
	local text=$1 output
	shift

	if output=$("$@" 2>&1); then
		die "not refused: $*"
	fi
	[[ $output$'\n'$(dmesg) == *"$text"* ]] || die "refused without '$text': $* said '$output'"
}

# stop_host: stop, for the packet socket "host", when it has read all that it was given.
stop_host() {
	await "the packet sockets to be read" all_read
	stop host
}

all_read() {
	awk 'NR > 1 && $7 != 0 { left = 1 } END { exit left }' /proc/net/packet	# $7: bytes unread
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

carrier() {
	echo "$(<"/sys/class/net/$1/carrier")"
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
	tools/netdev single --netns "$pod" --name nk0 --queues $# >/dev/null
	for queue; do
		tools/netdev lease --netns "$pod" --name nk0 --dev ln0 --queue "$queue" \
			>/dev/null
	done
}

# leased NAME QUEUE [OPTION...]: starts an AF_XDP application on a queue of nk0
leased() {
	local name=$1 queue=$2
	shift 2

	start "$name" tools/xsk --netns "$pod" --dev nk0 --queue "$queue" "$@"
}

attach() {
	tools/xdpprog attach --dev ln0 "$@" >/dev/null
}

restart_queue() {
	echo "$1" >/sys/class/net/ln0/device/restart_queue
}

# rule WORD...: adds one by ethtool -N
rule() {
	ethtool -N ln0 "$@" >/dev/null
}

# context WORD...: makes one by ethtool -X
context() {
	ethtool -X ln0 context new "$@" >/dev/null
}

# rules_kept: the locations of all rules, as "N N N"
rules_kept() {
	local locations

	mapfile -t locations < <(ethtool -n ln0 | sed -n 's/^Filter: //p')
	echo "${locations[*]}"
}

# vlan ID: ln1.ID at the far end, where the frames get that tag
vlan() {
	ip link add link ln1 name "ln1.$1" type vlan id "$1"
	ip link set "ln1.$1" up
}
