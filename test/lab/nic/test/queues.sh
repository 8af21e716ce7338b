# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash disable=SC2154 # test.sh and words.sh set the variables
# Cases: queues and sockets that come and go under traffic, up to the end of the NIC.

# Queue 3 is restarted again and again under traffic: the other queues lose nothing, and of
# queue 3 every frame is either received or counted.
case_restart() {
	local want got i

	nic
	want=$(plan 10000 50)
	start host tools/wire recv --dev ln0
	send 10000 50 --pps 10000 &
	for ((i = 0; i < 20; i++)); do
		restart_queue 3
	done
	wait $!
	read -ra want <<<"$want"
	stop_host
	same "received or counted on queue 3" \
		"$(counter ln0 q3_rx_packets q3_rx_stopped q3_rx_ring_full)" "${want[3]}"
	want[3]=$(counter ln0 q3_rx_packets)
	same "received per queue" "$(per_queue rx_packets)" "${want[*]}"
	got=$(IFS=+ && echo $((${want[*]})))
	same "received by the host" "$(result host received)" "$got"
	refused "Numerical result out of range" restart_queue 8
}
judge "restart of a queue loses no frame of another, and its own are counted" case_restart

# The socket of a restarted queue goes on: sending and receiving.
case_restart_socket() {
	nic
	lease 3
	steer 3
	attach --redirect-map "$map"
	start wire tools/wire recv --dev ln1 --count 100
	leased socket 1 --map "$map" --key 3 --zerocopy --recv 100 --echo
	restart_queue 3
	send 100 5
	finish socket
	finish wire
}
judge "restart of a leased queue keeps its socket working" case_restart_socket

case_restart_down() {
	nic
	ip link set ln0 down
	restart_queue 3
	up
	send 100 50
	same "received" "$(every ln0 rx_packets)" 100
}
judge "restart of a queue while down is harmless" case_restart_down

# A socket comes and goes on queue 3 under traffic: no frame of any queue is lost.
case_xsk_comes_and_goes() {
	local i

	nic
	start host tools/wire recv --dev ln0 --count 10000
	send 10000 50 --pps 10000 &
	for ((i = 0; i < 10; i++)); do
		tools/xsk --dev ln0 --queue 3 --zerocopy --send 10 --dst "$far" >/dev/null
	done
	wait $!
	finish host
	same "received per queue" "$(per_queue rx_packets)" "$(plan 10000 50)"
}
judge "a socket that comes and goes loses no frame" case_xsk_comes_and_goes

case_channels() {
	nic
	rss_counts
	ethtool -L ln0 combined 3
	same "entries in the table per queue" "$(shares)" "43 43 42"
	start host tools/wire recv --dev ln0 --count 500 --per-queue
	send 500 50
	finish host
	same "recorded queues" "$(recorded host)" "$(plan 500 50)"
	ethtool -L ln0 combined 8
	start host tools/wire recv --dev ln0 --count 500 --per-queue
	send 500 50
	finish host
	same "recorded queues" "$(recorded host)" "$(plan 500 50)"
	refused "requested channel count exceeds maximum" ethtool -L ln0 combined 9
	ethtool -X ln0 equal 8
	refused "too low for existing indirection table" ethtool -L ln0 combined 4
}
judge "ethtool -L changes queues and spreads RSS anew" case_channels

case_channels_resize() {
	nic resize=1
	ethtool -L ln0 combined 3
	same "entries in the table per queue" "$(shares)" "22 21 21"
	ethtool -X ln0 weight 1 0 3
	same "entries in the user's table" "$(shares)" "16 0 48"
	ethtool -L ln0 combined 8
	same "entries in the larger table" "$(shares)" "32 0 96 0 0 0 0 0"
	start host tools/wire recv --dev ln0 --count 500 --per-queue
	send 500 50
	finish host
	same "recorded queues" "$(recorded host)" "$(plan 500 50)"
	ethtool -L ln0 combined 4
	same "entries in the user's table" "$(shares)" "16 0 48 0"
	ethtool -X ln0 context new equal 2 >/dev/null
	refused "Invalid argument" ethtool -L ln0 combined 8
}
judge "ethtool -L with resize=1 repeats and folds a table of the user" case_channels_resize

# Growing and shrinking above a leased queue leaves it alone; taking it away is refused.
case_channels_lease() {
	local i

	nic
	lease 2
	ethtool -X ln0 weight 0 0 1
	attach --redirect-map "$map"
	leased socket 1 --map "$map" --key 2 --zerocopy --recv 5000 \
		--timeout-ms 60000
	send 5000 50 --pps 5000 &
	for ((i = 0; i < 5; i++)); do
		ethtool -L ln0 combined 3
		ethtool -L ln0 combined 8
	done
	wait $!
	finish socket
	ethtool -X ln0 default
	refused "in use due to queue leasing" ethtool -L ln0 combined 2
}
judge "ethtool -L leaves leased queues alone, or is refused" case_channels_lease

# Two leased queues whose zero copy sockets send back what they receive, and traffic on all queues.
busy() {
	nic
	lease 5 2
	attach --redirect-map "$map"
	leased five 1 --map "$map" --key 5 --zerocopy --echo
	leased two 2 --map "$map" --key 2 --zerocopy --echo
	send 100000000 50 --pps 10000 &>/dev/null &
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
	(($(every ln0 tx_xsk_packets) > 200))
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
judge "rmmod while leased, bound and under traffic" case_end_rmmod

# The application ends by itself when the NIC goes down, in the middle of its removal.
case_end_own_socket() {
	nic
	steer 3
	attach --redirect-map "$map"
	start socket tools/xsk --dev ln0 --queue 3 --map "$map" --zerocopy --echo
	send 100000000 50 --pps 10000 &>/dev/null &
	await "traffic" some_echoed
	rmmod labnic
	both_gone
}
judge "rmmod while a socket on the NIC itself closes, under traffic" case_end_own_socket

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
judge "unbind and bind while leased, bound and under traffic" case_end_unbind

case_end_netkit() {
	busy
	freeze
	ip -n labnic-pod link del nk0
	same "leases" "$(leases)" 0
	stop traffic
}
judge "netkit deleted while bound and under traffic" case_end_netkit

case_end_netns() {
	busy
	stop five
	stop two
	ip netns del labnic-pod
	await "the leases to go" no_leases
	stop traffic
}
judge "Pod namespace deleted under traffic" case_end_netns

case_end_down() {
	local i

	busy
	for ((i = 0; i < 5; i++)); do
		ip link set ln0 down
		ip link set ln0 up
		ip link set ln1 down
		ip link set ln1 up
	done
	same "leases" "$(leases)" 2
}
judge "ends go down and up while leased, bound and under traffic" case_end_down

case_end_xdp() {
	local i

	busy
	for ((i = 0; i < 5; i++)); do
		tools/xdpprog detach --dev ln0
		attach --action pass
		tools/xdpprog detach --dev ln0
		attach --action tx
	done
}
judge "XDP programs change while leased, bound and under traffic" case_end_xdp

case_end_everything() {
	local i

	busy
	for ((i = 0; i < 5; i++)); do
		restart_queue 5
		ethtool -X ln0 weight 1 1 1 1 1 1
		ethtool -L ln0 combined 6
		bridge fdb add "$other" dev ln0 self
		restart_queue 2
		ethtool -X ln0 default
		ethtool -L ln0 combined 8
		bridge fdb del "$other" dev ln0 self
	done
	freeze
	ip link set ln1 netns labnic-pod
	rmmod labnic
	gone ln0 || die "ln0 is still there"
}
judge "queues, RSS and filter change under traffic, then rmmod" case_end_everything
