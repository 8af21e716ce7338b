# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash disable=SC2154 # test.sh and words.sh set the variables
# Cases: VLAN stripping and filter, ring settings, and calls that fail because a test wants it.

# feature NAME: what ethtool -k says of it
feature() {
	ethtool -k ln0 | sed -n "s/^$1: //p"
}

# near_vlan ID: ln0.ID, by which that VLAN gets into the filter
near_vlan() {
	ip link add link ln0 name "ln0.$1" type vlan id "$1"
	ip link set "ln0.$1" up
}

case_vlan_features() {
	nic
	same "stripping" "$(feature rx-vlan-offload)" on
	same "filter" "$(feature rx-vlan-filter)" on
	same "rules" "$(feature ntuple-filters)" off
	rmmod labnic
	nic fixed_vlan=1
	same "fixed stripping" "$(feature rx-vlan-offload)" "on [fixed]"
}
judge "VLAN stripping and filter are on, and can be switched but for fixed_vlan=1" \
	case_vlan_features

case_vlan_filter() {
	nic
	vlan 5
	vlan 6
	near_vlan 5
	send 100 10 --dev ln1.5
	send 100 10 --dev ln1.6
	send 100 10
	same "filtered" "$(counter ln0 rx_vlan_filtered)" 100
	same "received" "$(every ln0 rx_packets)" 200
	ethtool -K ln0 rx-vlan-filter off
	send 100 10 --dev ln1.6
	same "filtered, the filter off" "$(counter ln0 rx_vlan_filtered)" 100
	ethtool -K ln0 rx-vlan-filter on
	send 100 10 --dev ln1.6
	send 100 10 --dev ln1.5
	same "filtered, the filter on again" "$(counter ln0 rx_vlan_filtered)" 200
	start host tools/wire recv --dev ln0 --count 100 --promisc
	send 100 10 --dev ln1.6
	finish host
	same "filtered, promiscuous" "$(counter ln0 rx_vlan_filtered)" 200
	ip link del ln0.5
	send 100 10 --dev ln1.5
	same "filtered without the VLAN" "$(counter ln0 rx_vlan_filtered)" 300
}
judge "the VLAN filter takes the VLANs that were added" case_vlan_filter

# A frame of 128 bytes has 132 with its tag. The packet socket on ln0.5 is the stack's witness.
case_vlan_stack() {
	nic
	vlan 5
	near_vlan 5
	start host tools/wire recv --dev ln0.5 --count 100
	send 100 10 --dev ln1.5
	finish host
	same "bytes, stripped" "$(every ln0 rx_bytes)" 12800
	ethtool -K ln0 rx-vlan-hw-parse off
	start host tools/wire recv --dev ln0.5 --count 100
	send 100 10 --dev ln1.5 --first-seq 1000
	finish host
	same "bytes, and not" "$(every ln0 rx_bytes)" $((12800 + 13200))
	ethtool -K ln0 rx-vlan-hw-parse on
	start host tools/wire recv --dev ln0.5 --count 100
	send 100 10 --dev ln1.5 --first-seq 2000
	finish host
	same "bytes, stripped again" "$(every ln0 rx_bytes)" $((2 * 12800 + 13200))
}
judge "the stack gets the VLAN of a frame, whether its tag is stripped or not" case_vlan_stack

all_back() {
	(($(counter ln1 q0_rx_packets) == $1))
}

# XDP gives the frame back as it sees it: its length tells the far end whether there was a tag.
case_vlan_xdp() {
	nic
	ethtool -K ln0 rx-vlan-filter off
	vlan 5
	attach --action tx
	send 100 10 --dev ln1.5
	await "all to be back" all_back 100
	same "bytes that came back" "$(counter ln1 q0_rx_bytes)" 12800
	ethtool -K ln0 rx-vlan-hw-parse off
	send 100 10 --dev ln1.5
	await "all to be back" all_back 200
	same "bytes that came back with tags" "$(counter ln1 q0_rx_bytes)" $((12800 + 13200))
}
judge "XDP sees a VLAN tag only if it is not stripped" case_vlan_xdp

case_vlan_xsk() {
	nic
	ethtool -K ln0 rx-vlan-filter off
	vlan 5
	steer 3
	attach --redirect-map "$map"
	start socket tools/xsk --dev ln0 --queue 3 --map "$map" --zerocopy --recv 100
	send 100 10 --dev ln1.5
	finish socket
	ethtool -K ln0 rx-vlan-hw-parse off
	start socket tools/xsk --dev ln0 --queue 3 --map "$map" --zerocopy --recv 100 --first-seq 1000
	send 100 10 --vlan 5 --first-seq 1000
	finish socket
	same "frames, and those with a tag" "$(result socket received tagged corrupt)" "100 100 0"
}
judge "AF_XDP sees a VLAN tag only if it is not stripped" case_vlan_xsk

case_vlan_xdp_pass() {
	nic
	vlan 5
	near_vlan 5
	attach --action pass
	start host tools/wire recv --dev ln0.5 --count 100
	send 100 10 --dev ln1.5
	finish host
	same "XDP_PASS" "$(every ln0 rx_xdp_pass)" 100
}
judge "XDP_PASS keeps the stripped VLAN of a frame" case_vlan_xdp_pass

# The witness knows nothing of tags.
case_vlan_rss() {
	nic
	ethtool -K ln0 rx-vlan-filter off
	vlan 5
	goes_by "$(plan 1000 50)" --dev ln1.5
	goes_by "$(plan 1000 50 --v6 --tcp)" --v6 --tcp --dev ln1.5
	ethtool -K ln0 rx-vlan-hw-parse off
	goes_by "$(plan 1000 50 --tcp)" --tcp --dev ln1.5
}
judge "RSS looks through a VLAN tag" case_vlan_rss

# ring KEY: what ethtool -g --json says of it
ring() {
	ethtool --json -g ln0 | jq -r ".[0].\"$1\""
}

case_rings() {
	nic
	same "rx, tx and their maxima" "$(ring rx) $(ring tx) $(ring rx-max) $(ring tx-max)" \
		"4096 4096 4096 4096"
	same "data split" "$(ring tcp-data-split)" off
	ethtool -G ln0 rx 512 tx 256 tcp-data-split on
	same "rings as set" "$(ring rx) $(ring tx) $(ring tcp-data-split)" "512 256 on"
	refused "requested ring size exceeds maximum" ethtool -G ln0 rx 4097
	rss_counts
	refused "tcp-data-split" attach --action pass
	ethtool -G ln0 tcp-data-split off
	attach --action pass
	refused "single buffer XDP" ethtool -G ln0 tcp-data-split on
}
judge "ring settings are kept, and data split excludes XDP" case_rings

# --- fail_op ----------------------------------------------------------------------------------

fail_op=/sys/module/labnic/parameters/fail_op

# fails FUNCTION TEXT COMMAND...: it fails in that function of the NIC and says TEXT, and then not
fails() {
	local function=$1 text=$2
	shift 2

	echo 1 >"$fail_op"
	refused "$text" "$@"
	same "fail_op after: $*" "$(<"$fail_op")" 0
	has "the log after: $*" "$(dmesg | tail -n 3)" "$function"
	"$@" >/dev/null || die "fails a second time: $*"
}

set_up() {
	ip link set ln0 up
}

socket_comes() {
	tools/xsk --dev ln0 --queue 3 --zerocopy --send 1 --dst "$far"
}

case_fail_ethtool() {
	local eio="Input/output error"

	nic
	# The kernel remembers what was wanted: to want it again, one has to give it up.
	echo 1 >"$fail_op"
	refused "Could not change any device features" ethtool -K ln0 ntuple on
	no_rules
	fails labnic_rss_set "$eio" ethtool -X ln0 equal 2
	fails labnic_rss_set "$eio" context equal 3
	fails labnic_rss_set "$eio" ethtool -X ln0 context 1 equal 4
	fails labnic_set_rxnfc "$eio" rule flow-type udp4 context 1 loc 0
	fails labnic_set_rxnfc "$eio" ethtool -N ln0 delete 0
	fails labnic_remove_rxfh_context "$eio" ethtool -X ln0 context 1 delete
	fails labnic_set_ringparam "$eio" ethtool -G ln0 rx 512
	fails labnic_set_channels "$eio" ethtool -L ln0 combined 4
	rss_counts
}
judge "fail_op: what ethtool changes fails once, and works then" case_fail_ethtool

case_fail_others() {
	local eio="Input/output error"

	nic
	vlan 5
	fails labnic_vlan_rx_add_vid "$eio" ip link add link ln0 name ln0.5 type vlan id 5
	ip link set ln0.5 up
	send 10 1 --dev ln1.5
	same "filtered" "$(counter ln0 rx_vlan_filtered)" 0
	fails labnic_xdp_setup EIO attach --redirect-map "$map"
	fails labnic_xsk_enable EIO socket_comes
	fails labnic_queue_mem_alloc "$eio" restart_queue 3
	fails labnic_change_mtu "$eio" ip link set ln0 mtu 1400
	ip link set ln0 down
	fails labnic_open "$eio" set_up
	tools/xdpprog detach --dev ln0
	await "the link" link_is_up ln0
	goes_by "$(plan 1000 50)"
}
judge "fail_op: VLANs, XDP, sockets, queues and MTU fail once, and work then" case_fail_others

case_fail_count() {
	nic
	echo 4 >"$fail_op"
	ethtool -K ln0 ntuple on
	rule flow-type udp4 action 1
	ethtool -X ln0 equal 3
	same "fail_op after three calls" "$(<"$fail_op")" 1
	send 100 10
	ethtool -n ln0 >/dev/null
	ethtool -x ln0 >/dev/null
	ethtool -g ln0 >/dev/null
	same "fail_op after traffic and looks" "$(<"$fail_op")" 1
	refused "Input/output error" rule flow-type tcp4 action 1
	rule flow-type tcp4 action 1
	same "rules" "$(rules_kept)" "0 1"
}
judge "fail_op: the N-th change fails, what only looks is not counted" case_fail_count

# The kernel takes these for granted and would warn: the NIC must not let them fail.
case_fail_never() {
	nic
	attach --link "$bpffs/link"
	start socket tools/xsk --dev ln0 --queue 3 --zerocopy
	ethtool -K ln0 ntuple on
	context equal 2
	rule flow-type udp4 context 1
	near_vlan 5
	echo 1 >"$fail_op"
	tools/xdpprog detach --link "$bpffs/link"
	stop socket
	same "fail_op" "$(<"$fail_op")" 1
	echo labnic.0 >/sys/bus/platform/drivers/labnic/unbind
	both_gone
	echo labnic.0 >/sys/bus/platform/drivers/labnic/bind
	same "fail_op after unbind and bind" "$(<"$fail_op")" 1
}
judge "fail_op: no call fails that the kernel cannot see fail" case_fail_never
