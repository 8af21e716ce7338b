# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash disable=SC2154 # test.sh and words.sh set the variables
# Cases: AF_XDP sockets, on queues of the NIC itself and on leased ones.

# xsk_receive MODE [OPTION...]: a socket on queue 3 gets what the plan says, the host the rest
xsk_receive() {
	local mode=$1 want
	shift

	attach --redirect-map "$map"
	want=$(plan 1000 50)
	read -ra want <<<"$want"
	start socket tools/xsk --dev ln0 --queue 3 --map "$map" "$mode" --recv "${want[3]}" "$@"
	start host tools/wire recv --dev ln0 --count $((1000 - want[3]))
	send 1000 50
	finish socket
	finish host
	same "redirected" "$(counter ln0 q3_rx_xdp_redirect)" "${want[3]}"
}

case_xsk_zerocopy() {
	nic
	xsk_receive --zerocopy
	same "frames in zero copy buffers" "$(every ln0 rx_xsk_packets)" \
		"$(counter ln0 q3_rx_xdp_redirect)"
}
judge "AF_XDP zero copy receives its queue's frames, the host the rest" case_xsk_zerocopy

case_xsk_small_buffers() {
	nic
	xsk_receive --zerocopy --frame-size 2048
	same "frames in zero copy buffers" "$(every ln0 rx_xsk_packets)" \
		"$(counter ln0 q3_rx_xdp_redirect)"
}
judge "AF_XDP zero copy receives into 2048 byte buffers" case_xsk_small_buffers

case_xsk_copy() {
	nic
	xsk_receive --copy
	same "frames in zero copy buffers" "$(every ln0 rx_xsk_packets)" 0
}
judge "AF_XDP copy mode receives its queue's frames, the host the rest" case_xsk_copy

# xsk_transmit MODE
xsk_transmit() {
	start wire tools/wire recv --dev ln1 --count 3000
	start socket tools/xsk --dev ln0 --queue 3 "$1" --send 3000 --flows 7 --dst "$far"
	finish socket
	finish wire
}

case_xsk_send() {
	nic
	xsk_transmit --zerocopy
	same "sent from zero copy buffers" "$(counter ln0 q3_tx_xsk_packets)" 3000
}
judge "AF_XDP zero copy sends" case_xsk_send

case_xsk_send_copy() {
	nic
	xsk_transmit --copy
	same "sent from zero copy buffers" "$(every ln0 tx_xsk_packets)" 0
}
judge "AF_XDP copy mode sends" case_xsk_send_copy

case_xsk_echo() {
	nic
	steer 3
	attach --redirect-map "$map"
	start wire tools/wire recv --dev ln1 --count 1000
	start socket tools/xsk --dev ln0 --queue 3 --map "$map" --zerocopy --recv 1000 --echo
	send 1000 20 --pps 20000
	finish socket
	finish wire
}
judge "AF_XDP zero copy echoes" case_xsk_echo

case_xsk_no_program() {
	nic
	steer 3
	start socket tools/xsk --dev ln0 --queue 3 --zerocopy
	start host tools/wire recv --dev ln0 --count 100
	send 100 5
	finish host
	stop socket
	same "to the socket without a program" "$(result socket received)" 0
}
judge "a zero copy socket without a program leaves the frames to the host" case_xsk_no_program

# The program sends queue 5's frames to the socket of queue 3: the kernel must refuse each.
case_xsk_wrong_queue() {
	nic
	steer 5
	attach --redirect-map "$map" --fixed-key 3
	start socket tools/xsk --dev ln0 --queue 3 --map "$map" --zerocopy
	send 100 5
	stop socket
	same "received" "$(result socket received)" 0
	same "refused redirects" "$(counter ln0 q5_rx_xdp_redirect_error)" 100
}
judge "a socket of another queue gets nothing, and that is counted" case_xsk_wrong_queue

# An application that does not run leaves its fill ring empty; afterwards it goes on.
case_xsk_starved() {
	local lost

	nic
	steer 3
	attach --redirect-map "$map"
	start socket tools/xsk --dev ln0 --queue 3 --map "$map" --zerocopy --tag 2 --recv 100
	kill -STOP "${pid[socket]}"
	send 10000 20 --size 64
	lost=$(counter ln0 q3_rx_xsk_no_buffer q3_rx_ring_full q3_rx_xdp_redirect_error)
	((lost > 0)) || die "10000 frames fit, nothing was lost"
	kill -CONT "${pid[socket]}"
	send 100 20 --tag 2 --pps 200
	finish socket
	same "received and lost" "$(($(result socket foreign) + lost))" 10000
}
judge "a socket that does not run loses counted frames only, and goes on" case_xsk_starved

# Two leased queues: each socket gets its own queue's frames, the host the rest.
case_lease() {
	local want mode

	nic
	lease 5 2
	same "leases" "$(leases)" 2
	attach --redirect-map "$map"
	read -ra want <<<"$(plan 1000 50)"
	for mode in --zerocopy --copy; do
		leased five 1 --map "$map" --key 5 $mode \
			--recv "${want[5]}"
		leased two 2 --map "$map" --key 2 $mode \
			--recv "${want[2]}"
		start host tools/wire recv --dev ln0 --count $((1000 - want[5] - want[2]))
		send 1000 50
		finish five
		finish two
		finish host
	done
	same "frames in zero copy buffers" "$(per_queue rx_xsk_packets)" \
		"0 0 ${want[2]} 0 0 ${want[5]} 0 0"
}
judge "leased queues receive by zero copy and by copy, each its own frames" case_lease

case_lease_send() {
	nic
	lease 5
	start wire tools/wire recv --dev ln1 --count 3000
	leased socket 1 --zerocopy --send 3000 --flows 3 \
		--dst "$far"
	finish socket
	finish wire
	same "sent on the leased queue" "$(counter ln0 q5_tx_xsk_packets)" 3000
}
judge "a leased queue sends by zero copy" case_lease_send

# Down and up of the NIC loses neither lease nor socket.
case_lease_down_up() {
	nic
	lease 5
	steer 5
	attach --redirect-map "$map"
	leased socket 1 --map "$map" --key 5 --zerocopy \
		--recv 200
	send 100 5
	ip link set ln0 down
	up
	same "leases" "$(leases)" 1
	send 100 5 --first-seq 20
	finish socket
}
judge "leases and sockets outlive down and up" case_lease_down_up

# The kernel holds the buffers against the MTU of the netkit only, so the NIC must mind its own.
case_lease_mtu() {
	local socket=(tools/xsk --netns "$pod" --dev nk0 --queue 1 --zerocopy --frame-size 2048)

	nic
	lease 5
	ip link set ln0 mtu 1775
	refused "MTU 1775, its buffers take at most 1774" "${socket[@]}" --send 1 --dst "$far"
	ip link set ln0 mtu 1774
	start socket "${socket[@]}"
	refused "MTU 1775 refused: AF_XDP on queue 5 takes at most 1774" \
		ip link set ln0 mtu 1775
	stop socket
	await "the socket to go" ip link set ln0 mtu 1775
}
judge "MTU and the AF_XDP buffers on a leased queue bound each other" case_lease_mtu
