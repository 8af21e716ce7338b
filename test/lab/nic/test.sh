#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# Tests the lab NIC by itself, without nk-cni. Runs as root in the lab: lab run -- test/lab/nic/test.sh
#
# Each case starts from a freshly loaded module, so its counters start at zero, and ends with a
# look at the kernel's log. Arguments are words; only cases whose sentence contains one are run.
set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd -P)
tools=${NK_TEST_TOOLS:-$here/../../../build/test}
map=/sys/fs/bpf/labnic-test
near=02:6c:6e:00:00:00	# MAC address of ln0
far=02:6c:6e:00:00:01	# of ln1
other=02:aa:bb:cc:dd:ee	# of nobody
pod=/run/netns/labnic-pod
# The log lines by which a kernel says that something is wrong.
trouble='WARNING:|BUG:|Oops|Call Trace|Unable to handle|refcount_t|hung|unregister_netdevice: waiting'

passed=0
failed=0
declare -A pid

# --- words of the test language ---------------------------------------------------------------

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

	dmesg --clear
	if output=$("$@" 2>&1); then
		die "not refused: $*"
	fi
	[[ $output$'\n'$(dmesg) == *"$text"* ]] || die "refused without '$text': $* said '$output'"
}

# start NAME PROGRAM...: runs it in the background and waits until it says that it is ready.
start() {
	local name=$1
	shift

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
		jq -r --argjson n "$queues" '[range($n) as $q | .frames[$q | tostring] // 0] | map(tostring) | join(" ")'
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

# --- cases: what it is ------------------------------------------------------------------------

case_identity() {
	load
	same "parent of ln0" "$(basename "$(readlink /sys/class/net/ln0/device)")" labnic.0
	same "driver of ln0" "$(ethtool -i ln0 | sed -n 's/^driver: //p')" labnic
	same "parent of ln1" "$(ls /sys/class/net/ln1/device 2>/dev/null || echo none)" none
	same "rx queues of ln0" "$(queues_of ln0)" 8
	same "XDP features" "$("$tools/netdev" features --dev ln0 --json |
		jq -c '."xdp-features-names"')" '["basic","redirect","ndo-xmit","xsk-zerocopy"]'
}

case_parameters() {
	refused "queues=0, but it must be 1 to 64" insmod "$LABNIC_KO" queues=0
	refused "queues=65, but it must be 1 to 64" insmod "$LABNIC_KO" queues=65
	refused "pairs=17, but it must be 1 to 16" insmod "$LABNIC_KO" pairs=17
	ip link add ln1 type dummy
	refused "cannot register ln1: -EEXIST" insmod "$LABNIC_KO"
	ip link del ln1
	load queues=64
	same "rx queues of ln0" "$(queues_of ln0)" 64
}

case_pairs() {
	load pairs=2 queues=2
	ip link set ln2 up
	ip link set ln3 up
	await "the second link" link_is_up ln3
	"$tools/wire" send --dev ln3 --dst 02:6c:6e:00:00:02 --count 100 >/dev/null
	same "frames on ln2" "$(every ln2 rx_packets)" 100
	same "frames on ln0" "$(every ln0 rx_packets)" 0
}

case_carrier() {
	insmod "$LABNIC_KO"
	ip link set ln0 up
	same "carrier of ln0, ln1 down" "$(carrier ln0)" 0
	ip link set ln1 up
	await "the link" link_is_up ln0
	same "carriers, both up" "$(carrier ln0)$(carrier ln1)" 11
	ip link set ln0 down
	same "carrier of ln1, ln0 down" "$(carrier ln1)" 0
}

# --- cases: receiving -------------------------------------------------------------------------

# Witnesses: counters of the queues, the queue recorded in each skb, and our own Toeplitz.
rss_counts() {
	local want

	want=$(plan 1000 50 "$@")
	start host "$tools/wire" recv --dev ln0 --count 1000 --per-queue
	send 1000 50 "$@"
	finish host
	same "rx_packets per queue for $*" "$(per_queue rx_packets)" "$want"
	same "recorded queues for $*" "$(result host '[.per_queue[]][:8] | map(tostring) | join(" ")')" "$want"
}

case_rss_udp4() { load; rss_counts; }
case_rss_tcp4() { load; rss_counts --tcp; }
case_rss_udp6() { load; rss_counts --v6; }
case_rss_tcp6() { load; rss_counts --v6 --tcp; }
case_rss_nonip() { load; rss_counts --raw-nonip; }

case_rss_table() {
	load
	ethtool -X ln0 weight 0 5 1 0 0 0 3
	rss_counts
	same "queue 0 has no entry" "$(counter ln0 q0_rx_packets)" 0
	refused "" ethtool -X ln0 weight 0 0 0 0 0 0 0 0 1
	ethtool -X ln0 default
	same "table after default" "$(ethtool -x ln0 | table | sort | uniq -c | awk '{ print $1 }' | sort -u)" 16
}

case_rss_key() {
	load
	ethtool -X ln0 hkey "$(printf '%02x:' $(seq 1 39))ff"
	rss_counts
}

# The published vectors of Microsoft's RSS verification suite: addresses only 0x323e8fc2, with
# ports 0x51ccc178. The table is the default one, so the queue is (hash % 128) % 8.
case_rss_fragments() {
	local src=66.9.149.187 dst=161.142.100.80 port

	load
	make_pod
	ip link set ln1 netns labnic-pod
	ip addr add $dst/32 dev ln0
	ip route add $src dev ln0
	ip neigh add $src lladdr $far dev ln0 nud permanent
	ip -n labnic-pod addr add $src/32 dev ln1
	ip -n labnic-pod link set ln1 up
	ip -n labnic-pod route add $dst dev ln1
	ip -n labnic-pod neigh add $dst lladdr $near dev ln1 nud permanent
	await "the link" link_is_up ln0
	ip netns exec labnic-pod ping -q -c 3 -i 0.01 -s 2000 $dst >/dev/null
	same "frames of 3 pings in 2 fragments" "$(per_queue rx_packets)" "0 0 6 0 0 0 0 0"
	for port in 1001 1002 1003 1004; do
		ip netns exec labnic-pod bash -c "head -c 2000 /dev/zero >/dev/udp/$dst/$port"
	done
	same "and of UDP to 4 ports in 2 fragments" "$(per_queue rx_packets)" "0 0 14 0 0 0 0 0"
}

case_filter() {
	load
	send 10 1
	same "own address: filtered" "$(counter ln0 rx_filtered)" 0
	send 10 1 --dst $other
	same "another address: filtered" "$(counter ln0 rx_filtered)" 10
	bridge fdb add $other dev ln0 self
	send 10 1 --dst $other
	same "after fdb add: filtered" "$(counter ln0 rx_filtered)" 10
	ip link set ln0 down
	up
	send 10 1 --dst $other
	same "after down and up: filtered" "$(counter ln0 rx_filtered)" 10
	bridge fdb del $other dev ln0 self
	send 10 1 --dst $other
	same "after fdb del: filtered" "$(counter ln0 rx_filtered)" 20
	send 10 1 --dst ff:ff:ff:ff:ff:ff
	send 10 1 --dst 01:00:5e:00:00:01
	same "broadcast and multicast: filtered" "$(counter ln0 rx_filtered)" 20
	same "all that was not filtered" "$(every ln0 rx_packets)" 50
}

case_filter_promiscuous() {
	load
	start host "$tools/wire" recv --dev ln0 --count 10 --promisc
	send 10 1 --dst $other
	finish host
	send 10 1 --dst $other
	same "filtered after promiscuity ended" "$(counter ln0 rx_filtered)" 10
	ip link set ln0 address $other
	send 10 1 --dst $other
	same "filtered with that address as its own" "$(counter ln0 rx_filtered)" 10
	send 10 1
	same "filtered with the former address" "$(counter ln0 rx_filtered)" 20
}

case_mtu() {
	load
	ip link set ln1 mtu 9000
	send 10 1 --size 1518
	send 10 1 --size 1519
	same "too long for MTU 1500 and a VLAN tag" "$(counter ln0 rx_oversize)" 10
	ip link set ln0 mtu 9000
	start host "$tools/wire" recv --dev ln0 --count 100
	send 100 3 --size 9014
	finish host
	refused "MTU 9000 is too large for XDP, at most 3502 fit one page" attach --action drop
	ip link set ln0 mtu 3502
	attach --action drop
	send 10 1 --size 3516
	same "dropped by XDP at the largest MTU" "$(every ln0 rx_xdp_drop)" 10
	refused "MTU 3503 refused: with XDP at most 3502" ip link set ln0 mtu 3503
}

# What is sent into full rings is counted: nothing vanishes. XDP_TX doubles the work per frame.
case_accounting() {
	load
	attach --action tx
	send 30000 64 --size 64
	same "taken, or dropped with a full ring" "$(($(every ln0 rx_packets) + $(every ln0 rx_ring_full)))" 30000
	same "sent back" "$(every ln0 rx_xdp_tx)" "$(every ln0 rx_packets)"
	same "come back, or dropped there" "$(counter ln1 q0_rx_packets q0_rx_ring_full)" \
		"$(every ln0 tx_packets)"
	same "rx_packets of ip -s" "$(ip -s -j link show dev ln0 | jq '.[0].stats64.rx.packets')" \
		"$(every ln0 rx_packets)"
	same "tx_packets of ip -s" "$(ip -s -j link show dev ln0 | jq '.[0].stats64.tx.packets')" \
		"$(every ln0 tx_packets)"
}

# --- cases: XDP -------------------------------------------------------------------------------

case_xdp_pass() {
	load
	attach --action pass
	rss_counts
	same "XDP_PASS" "$(per_queue rx_xdp_pass)" "$(plan 1000 50)"
}

case_xdp_drop() {
	load
	attach --action drop
	start host "$tools/wire" recv --dev ln0 --count 0
	send 1000 50
	finish host
	same "XDP_DROP" "$(per_queue rx_xdp_drop)" "$(plan 1000 50)"
}

case_xdp_aborted() {
	load
	attach --action aborted
	send 100 5
	same "XDP_ABORTED" "$(every ln0 rx_xdp_aborted)" 100
}

case_xdp_tx() {
	load
	attach --action tx
	start wire "$tools/wire" recv --dev ln1 --count 1000
	send 1000 50
	finish wire
	same "XDP_TX" "$(per_queue rx_xdp_tx)" "$(plan 1000 50)"
	same "sent by XDP" "$(per_queue tx_xdp_packets)" "$(plan 1000 50)"
}

case_xdp_detach() {
	load
	attach --action drop
	"$tools/xdpprog" detach --dev ln0
	start host "$tools/wire" recv --dev ln0 --count 100
	send 100 5
	finish host
	same "XDP_DROP" "$(every ln0 rx_xdp_drop)" 0
}

case_xdp_far() {
	load
	refused "does not support XDP in native mode" "$tools/xdpprog" attach --dev ln1 --action pass
}

# --- cases: AF_XDP ----------------------------------------------------------------------------

# xsk_receive MODE [OPTION...]: a socket on queue 3 gets what the plan says, the host the rest
xsk_receive() {
	local mode=$1 want
	shift

	attach --redirect-map "$map"
	want=$(plan 1000 50)
	read -ra want <<<"$want"
	start socket "$tools/xsk" --dev ln0 --queue 3 --map "$map" "$mode" --recv "${want[3]}" "$@"
	start host "$tools/wire" recv --dev ln0 --count $((1000 - want[3]))
	send 1000 50
	finish socket
	finish host
	same "redirected" "$(counter ln0 q3_rx_xdp_redirect)" "${want[3]}"
}

case_xsk_zerocopy() {
	load
	xsk_receive --zerocopy
	same "frames in zero copy buffers" "$(every ln0 rx_xsk_packets)" "$(counter ln0 q3_rx_xdp_redirect)"
}

case_xsk_small_buffers() {
	load
	xsk_receive --zerocopy --frame-size 2048
	same "frames in zero copy buffers" "$(every ln0 rx_xsk_packets)" "$(counter ln0 q3_rx_xdp_redirect)"
}

case_xsk_copy() {
	load
	xsk_receive --copy
	same "frames in zero copy buffers" "$(every ln0 rx_xsk_packets)" 0
}

# xsk_transmit MODE
xsk_transmit() {
	start wire "$tools/wire" recv --dev ln1 --count 3000
	start socket "$tools/xsk" --dev ln0 --queue 3 "$1" --send 3000 --flows 7 --dst $far
	finish socket
	finish wire
}

case_xsk_send() {
	load
	xsk_transmit --zerocopy
	same "sent from zero copy buffers" "$(counter ln0 q3_tx_xsk_packets)" 3000
}

case_xsk_send_copy() {
	load
	xsk_transmit --copy
	same "sent from zero copy buffers" "$(every ln0 tx_xsk_packets)" 0
}

case_xsk_echo() {
	load
	steer 3
	attach --redirect-map "$map"
	start wire "$tools/wire" recv --dev ln1 --count 1000
	start socket "$tools/xsk" --dev ln0 --queue 3 --map "$map" --zerocopy --recv 1000 --echo
	send 1000 20 --pps 20000
	finish socket
	finish wire
}

case_xsk_no_program() {
	load
	steer 3
	start socket "$tools/xsk" --dev ln0 --queue 3 --zerocopy
	start host "$tools/wire" recv --dev ln0 --count 100
	send 100 5
	finish host
	stop socket
	same "to the socket without a program" "$(result socket .received)" 0
}

# The program sends queue 5's frames to the socket of queue 3: the kernel must refuse each.
case_xsk_wrong_queue() {
	load
	steer 5
	attach --redirect-map "$map" --fixed-key 3
	start socket "$tools/xsk" --dev ln0 --queue 3 --map "$map" --zerocopy
	send 100 5
	stop socket
	same "received" "$(result socket .received)" 0
	same "refused redirects" "$(counter ln0 q5_rx_xdp_redirect_error)" 100
}

# An application that does not run leaves its fill ring empty; afterwards it goes on.
case_xsk_starved() {
	local lost

	load
	steer 3
	attach --redirect-map "$map"
	start socket "$tools/xsk" --dev ln0 --queue 3 --map "$map" --zerocopy
	kill -STOP "${pid[socket]}"
	send 20000 20 --size 64
	lost=$(counter ln0 q3_rx_xsk_no_buffer q3_rx_ring_full q3_rx_xdp_redirect_error)
	((lost > 0)) || die "20000 frames fit, nothing was lost"
	kill -CONT "${pid[socket]}"
	send 100 20 --first-seq 2000
	await "the last frames" test "$(($(counter ln0 q3_rx_xdp_redirect) + lost))" -eq 20100
	stop socket
	same "received and lost" "$(($(result socket .received) + lost))" 20100
}

# --- cases: leased queues ---------------------------------------------------------------------

# Two leased queues: each socket gets its own queue's frames, the host the rest.
case_lease() {
	local want mode

	load
	lease 5 2
	same "leases" "$(leases)" 2
	attach --redirect-map "$map"
	read -ra want <<<"$(plan 1000 50)"
	for mode in --zerocopy --copy; do
		start five "$tools/xsk" --netns "$pod" --dev nk0 --queue 1 --map "$map" --key 5 $mode \
			--recv "${want[5]}"
		start two "$tools/xsk" --netns "$pod" --dev nk0 --queue 2 --map "$map" --key 2 $mode \
			--recv "${want[2]}"
		start host "$tools/wire" recv --dev ln0 --count $((1000 - want[5] - want[2]))
		send 1000 50
		finish five
		finish two
		finish host
	done
	same "frames in zero copy buffers" "$(per_queue rx_xsk_packets)" \
		"0 0 ${want[2]} 0 0 ${want[5]} 0 0"
}

case_lease_send() {
	load
	lease 5
	start wire "$tools/wire" recv --dev ln1 --count 3000
	start socket "$tools/xsk" --netns "$pod" --dev nk0 --queue 1 --zerocopy --send 3000 --flows 3 \
		--dst $far
	finish socket
	finish wire
	same "sent on the leased queue" "$(counter ln0 q5_tx_xsk_packets)" 3000
}

# Down and up of the NIC loses neither lease nor socket.
case_lease_down_up() {
	load
	lease 5
	steer 5
	attach --redirect-map "$map"
	start socket "$tools/xsk" --netns "$pod" --dev nk0 --queue 1 --map "$map" --key 5 --zerocopy \
		--recv 200
	send 100 5
	ip link set ln0 down
	up
	same "leases" "$(leases)" 1
	send 100 5 --first-seq 20
	finish socket
}

# The kernel holds the buffers against the MTU of the netkit only, so the NIC must mind its own.
case_lease_mtu() {
	local socket=("$tools/xsk" --netns "$pod" --dev nk0 --queue 1 --zerocopy --frame-size 2048)

	load
	lease 5
	ip link set ln0 mtu 1775
	refused "MTU 1775, its buffers take at most 1774" "${socket[@]}" --send 1 --dst $far
	ip link set ln0 mtu 1774
	start socket "${socket[@]}"
	refused "MTU 1775 refused: the AF_XDP socket on queue 5 takes at most 1774" \
		ip link set ln0 mtu 1775
	stop socket
	await "the socket to go" ip link set ln0 mtu 1775
}

# --- cases: queues that come and go -----------------------------------------------------------

# Queue 3 is restarted again and again under traffic: the other queues lose nothing, and of
# queue 3 every frame is either received or counted.
case_restart() {
	local want got i

	load
	want=$(plan 20000 50)
	start host "$tools/wire" recv --dev ln0
	send 20000 50 --pps 10000 &
	for ((i = 0; i < 40; i++)); do
		restart_queue 3
	done
	wait $!
	read -ra want <<<"$want"
	stop host
	same "received or counted on queue 3" \
		"$(counter ln0 q3_rx_packets q3_rx_stopped q3_rx_ring_full)" "${want[3]}"
	want[3]=$(counter ln0 q3_rx_packets)
	same "received per queue" "$(per_queue rx_packets)" "${want[*]}"
	got=$(IFS=+ && echo $((${want[*]})))
	same "received by the host" "$(result host .received)" "$got"
	refused "Numerical result out of range" restart_queue 8
}

# The socket of a restarted queue goes on: sending and receiving.
case_restart_socket() {
	load
	lease 3
	steer 3
	attach --redirect-map "$map"
	start wire "$tools/wire" recv --dev ln1 --count 100
	start socket "$tools/xsk" --netns "$pod" --dev nk0 --queue 1 --map "$map" --key 3 --zerocopy \
		--recv 100 --echo
	restart_queue 3
	send 100 5
	finish socket
	finish wire
}

case_restart_down() {
	load
	ip link set ln0 down
	restart_queue 3
	up
	send 100 50
	same "received" "$(every ln0 rx_packets)" 100
}

# A socket comes and goes on queue 3 under traffic: no frame of any queue is lost.
case_xsk_comes_and_goes() {
	local i

	load
	start host "$tools/wire" recv --dev ln0 --count 20000
	send 20000 50 --pps 10000 &
	for ((i = 0; i < 10; i++)); do
		"$tools/xsk" --dev ln0 --queue 3 --zerocopy --send 10 --dst $far >/dev/null
	done
	wait $!
	finish host
	same "received per queue" "$(per_queue rx_packets)" "$(plan 20000 50)"
}

case_channels() {
	load
	rss_counts
	ethtool -L ln0 combined 3
	same "queues in the table" "$(ethtool -x ln0 | table | sort -u | paste -sd,)" 0,1,2
	start host "$tools/wire" recv --dev ln0 --count 500 --per-queue
	send 500 50
	finish host
	same "recorded queues" "$(result host '[.per_queue[]][:3] | map(tostring) | join(" ")')" "$(plan 500 50)"
	ethtool -L ln0 combined 8
	start host "$tools/wire" recv --dev ln0 --count 500 --per-queue
	send 500 50
	finish host
	same "recorded queues" "$(result host '[.per_queue[]][:8] | map(tostring) | join(" ")')" "$(plan 500 50)"
	refused "" ethtool -L ln0 combined 9
	ethtool -X ln0 equal 8
	refused "too low for existing indirection table" ethtool -L ln0 combined 4
}

# Growing and shrinking above a leased queue leaves it alone; taking it away is refused.
case_channels_lease() {
	local i

	load
	lease 2
	ethtool -X ln0 weight 0 0 1
	attach --redirect-map "$map"
	start socket "$tools/xsk" --netns "$pod" --dev nk0 --queue 1 --map "$map" --key 2 --zerocopy \
		--recv 10000 --timeout-ms 60000
	send 10000 50 --pps 10000 &
	for ((i = 0; i < 5; i++)); do
		ethtool -L ln0 combined 3
		ethtool -L ln0 combined 8
	done
	wait $!
	finish socket
	ethtool -X ln0 default
	refused "in use due to queue leasing" ethtool -L ln0 combined 2
}

# --- cases: ends ------------------------------------------------------------------------------

# A leased queue with a zero copy socket that receives and sends, and traffic on all the others.
busy() {
	load
	lease 5 2
	attach --redirect-map "$map"
	start five "$tools/xsk" --netns "$pod" --dev nk0 --queue 1 --map "$map" --key 5 --zerocopy --echo
	start two "$tools/xsk" --netns "$pod" --dev nk0 --queue 2 --map "$map" --key 2 --zerocopy \
		--send 100000000 --dst $far
	send 100000000 50 &>/dev/null &
	pid[traffic]=$!
	await "traffic" some_echoed
}

# The applications freeze with their sockets bound. Were they to end while the kernel takes their
# netkit away, it would say "Failed to disable zero-copy!": xp_release_deferred() asks a netkit
# that has lost its lease by then (Linux 7.3.4; the kernel's race, not the NIC's).
freeze() {
	kill -STOP "${pid[five]}" "${pid[two]}"
}

some_echoed() {
	(($(counter ln0 q5_tx_xsk_packets) > 1000))
}

gone() {
	! ip link show dev "$1" &>/dev/null
}

both_gone() {
	gone ln0 || die "ln0 is still there"
	gone ln1 || die "ln1 is still there"
}

no_leases() {
	[[ $(leases) == 0 ]]
}

case_end_rmmod() {
	busy
	freeze
	rmmod labnic
	both_gone
	same "devices in the Pod" "$(ip -n labnic-pod -j link show type netkit | jq length)" 0
}

case_end_unbind() {
	busy
	freeze
	echo labnic.0 >/sys/bus/platform/drivers/labnic/unbind
	both_gone
	same "devices in the Pod" "$(ip -n labnic-pod -j link show type netkit | jq length)" 0
	echo labnic.0 >/sys/bus/platform/drivers/labnic/bind
	up
	send 100 50
	same "received after bind" "$(every ln0 rx_packets)" 100
}

case_end_netkit() {
	busy
	freeze
	ip -n labnic-pod link del nk0
	same "leases" "$(leases)" 0
	stop traffic
}

case_end_netns() {
	busy
	stop five
	stop two
	ip netns del labnic-pod
	await "the leases to go" no_leases
	stop traffic
}

case_end_down() {
	local i

	busy
	for ((i = 0; i < 10; i++)); do
		ip link set ln0 down
		ip link set ln0 up
		ip link set ln1 down
		ip link set ln1 up
	done
	same "leases" "$(leases)" 2
}

case_end_xdp() {
	local i

	busy
	for ((i = 0; i < 20; i++)); do
		"$tools/xdpprog" detach --dev ln0
		attach --action pass
		"$tools/xdpprog" detach --dev ln0
		attach --action tx
	done
}

case_end_everything() {
	local i

	busy
	for ((i = 0; i < 20; i++)); do
		restart_queue 5
		ethtool -X ln0 weight 1 1 1 1 1 1
		ethtool -L ln0 combined 6
		bridge fdb add $other dev ln0 self
		restart_queue 2
		ethtool -X ln0 default
		ethtool -L ln0 combined 8
		bridge fdb del $other dev ln0 self
	done
	ip link set ln1 netns labnic-pod
	freeze
	rmmod labnic
	gone ln0 || die "ln0 is still there"
}

# --- run --------------------------------------------------------------------------------------

# Also those that a case stopped by SIGSTOP.
end_jobs() {
	local status=$? jobs

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

# judge SENTENCE CASE WORD...
judge() {
	local sentence=$1 function=$2 status=0 word
	shift 2

	for word; do
		if [[ $sentence == *"$word"* ]]; then
			set --
		fi
	done
	if (($#)); then
		return
	fi
	dmesg --clear
	set +e
	(
		set -e
		trap end_jobs EXIT
		"$function"
	) >"$scratch/output" 2>&1
	status=$?
	clean >>"$scratch/output" 2>&1 || status=$?
	set -e
	if dmesg | grep -E "$trouble" >>"$scratch/output"; then
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

main() {
	[[ ${LABNIC_KO:-} && -f $LABNIC_KO ]] || die "LABNIC_KO does not name labnic.ko: run this in the lab"
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

	judge "ln0 has parent, driver name and exactly the XDP features it needs" case_identity "$@"
	judge "bad module parameters and taken names are refused" case_parameters "$@"
	judge "two pairs are two wires" case_pairs "$@"
	judge "both carriers are on only while both ends are up" case_carrier "$@"
	judge "RSS spreads UDP over IPv4 as computed" case_rss_udp4 "$@"
	judge "RSS spreads TCP over IPv4 as computed" case_rss_tcp4 "$@"
	judge "RSS spreads UDP over IPv6 as computed" case_rss_udp6 "$@"
	judge "RSS spreads TCP over IPv6 as computed" case_rss_tcp6 "$@"
	judge "RSS sends what is not IP to the first table entry" case_rss_nonip "$@"
	judge "RSS obeys a table of the user" case_rss_table "$@"
	judge "RSS obeys a key of the user" case_rss_key "$@"
	judge "RSS hashes fragments and ICMP by address, as in the published vector" case_rss_fragments "$@"
	judge "unicast filter obeys bridge fdb at once, and passes multicast" case_filter "$@"
	judge "unicast filter obeys promiscuity and a new MAC address" case_filter_promiscuous "$@"
	judge "MTU bounds frames, and XDP bounds the MTU" case_mtu "$@"
	judge "a flood is received or counted to the last frame" case_accounting "$@"
	judge "XDP_PASS gives every frame to the host" case_xdp_pass "$@"
	judge "XDP_DROP gives none to the host" case_xdp_drop "$@"
	judge "XDP_ABORTED drops and counts" case_xdp_aborted "$@"
	judge "XDP_TX sends every frame back on its queue" case_xdp_tx "$@"
	judge "a detached XDP program is out of the way" case_xdp_detach "$@"
	judge "the far end refuses native XDP" case_xdp_far "$@"
	judge "AF_XDP zero copy receives its queue's frames, the host the rest" case_xsk_zerocopy "$@"
	judge "AF_XDP zero copy receives into 2048 byte buffers" case_xsk_small_buffers "$@"
	judge "AF_XDP copy mode receives its queue's frames, the host the rest" case_xsk_copy "$@"
	judge "AF_XDP zero copy sends" case_xsk_send "$@"
	judge "AF_XDP copy mode sends" case_xsk_send_copy "$@"
	judge "AF_XDP zero copy echoes" case_xsk_echo "$@"
	judge "a zero copy socket without a program leaves the frames to the host" case_xsk_no_program "$@"
	judge "a socket of another queue gets nothing, and that is counted" case_xsk_wrong_queue "$@"
	judge "a socket that does not run loses counted frames only, and goes on" case_xsk_starved "$@"
	judge "leased queues receive by zero copy and by copy, each its own frames" case_lease "$@"
	judge "a leased queue sends by zero copy" case_lease_send "$@"
	judge "MTU and the AF_XDP buffers on a leased queue bound each other" case_lease_mtu "$@"
	judge "leases and sockets outlive down and up" case_lease_down_up "$@"
	judge "restart of a queue loses no frame of another, and its own are counted" case_restart "$@"
	judge "restart of a leased queue keeps its socket working" case_restart_socket "$@"
	judge "restart of a queue while down is harmless" case_restart_down "$@"
	judge "a socket that comes and goes loses no frame" case_xsk_comes_and_goes "$@"
	judge "ethtool -L changes queues and spreads RSS anew" case_channels "$@"
	judge "ethtool -L leaves leased queues alone, or is refused" case_channels_lease "$@"
	judge "rmmod while leased, bound and under traffic" case_end_rmmod "$@"
	judge "unbind and bind while leased, bound and under traffic" case_end_unbind "$@"
	judge "netkit deleted while bound and under traffic" case_end_netkit "$@"
	judge "Pod namespace deleted under traffic" case_end_netns "$@"
	judge "ends go down and up while leased, bound and under traffic" case_end_down "$@"
	judge "XDP programs change while leased, bound and under traffic" case_end_xdp "$@"
	judge "queues, RSS and filter change under traffic, then rmmod" case_end_everything "$@"

	echo "$passed passed, $failed failed, 0 skipped"
	((failed == 0))
}

main "$@"
