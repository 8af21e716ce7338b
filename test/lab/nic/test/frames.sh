# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash disable=SC2154 # test.sh and words.sh set the variables
# Cases: what the NIC is, which frames it takes, where they go, and what XDP makes of them.

case_identity() {
	nic
	same "parent of ln0" "$(basename "$(readlink /sys/class/net/ln0/device)")" labnic.0
	same "driver of ln0" "$(ethtool -i ln0 | sed -n 's/^driver: //p')" labnic
	same "parent of ln1" "$(ls /sys/class/net/ln1/device 2>/dev/null || echo none)" none
	same "rx queues of ln0" "$(queues_of ln0)" 8
	same "XDP features" "$(tools/netdev features --dev ln0 --json |
		jq -c '."xdp-features-names"')" '["basic","redirect","ndo-xmit","xsk-zerocopy"]'
}
judge "ln0 has parent, driver name and exactly the XDP features it needs" case_identity

case_parameters() {
	refused "queues=0, but it must be 1 to 128" insmod "$LABNIC_KO" queues=0
	refused "queues=129, but it must be 1 to 128" insmod "$LABNIC_KO" queues=129
	refused "pairs=17, but it must be 1 to 16" insmod "$LABNIC_KO" pairs=17
	ip link add ln1 type dummy
	refused "cannot register ln1: -EEXIST" insmod "$LABNIC_KO"
	ip link del ln1
	nic queues=64
	same "rx queues of ln0" "$(queues_of ln0)" 64
}
judge "bad module parameters and taken names are refused" case_parameters

case_pairs() {
	nic pairs=2 queues=2
	ip link set ln2 up
	ip link set ln3 up
	await "the second link" link_is_up ln3
	tools/wire send --dev ln3 --dst 02:6c:6e:00:00:02 --count 100 >/dev/null
	same "frames on ln2" "$(every ln2 rx_packets)" 100
	same "frames on ln0" "$(every ln0 rx_packets)" 0
}
judge "two pairs are two wires" case_pairs

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
judge "both carriers are on only while both ends are up" case_carrier

# Witnesses: counters of the queues, the queue recorded in each skb, and our own Toeplitz.
rss_counts() {
	local want

	want=$(plan 1000 50 "$@")
	start host tools/wire recv --dev ln0 --count 1000 --per-queue
	send 1000 50 "$@"
	finish host
	same "rx_packets per queue for $*" "$(per_queue rx_packets)" "$want"
	same "recorded queues for $*" "$(recorded host)" "$want"
}

case_rss_udp4() { nic; rss_counts; }
judge "RSS spreads UDP over IPv4 as computed" case_rss_udp4
case_rss_tcp4() { nic; rss_counts --tcp; }
judge "RSS spreads TCP over IPv4 as computed" case_rss_tcp4
case_rss_udp6() { nic; rss_counts --v6; }
judge "RSS spreads UDP over IPv6 as computed" case_rss_udp6
case_rss_tcp6() { nic; rss_counts --v6 --tcp; }
judge "RSS spreads TCP over IPv6 as computed" case_rss_tcp6
case_rss_nonip() { nic; rss_counts --raw-nonip; }
judge "RSS sends what is not IP to the first table entry" case_rss_nonip

case_rss_table() {
	nic
	ethtool -X ln0 weight 0 5 1 0 0 0 3
	rss_counts
	same "queue 0 has no entry" "$(counter ln0 q0_rx_packets)" 0
	refused "Cannot set RX flow hash configuration: Invalid argument" \
		ethtool -X ln0 weight 0 0 0 0 0 0 0 0 1
	ethtool -X ln0 default
	same "table after default" "$(shares)" "16 16 16 16 16 16 16 16"
}
judge "RSS obeys a table of the user" case_rss_table

case_rss_key() {
	nic
	ethtool -X ln0 hkey "$(printf '%02x:' $(seq 1 39))ff"
	rss_counts
}
judge "RSS obeys a key of the user" case_rss_key

# The published vectors of Microsoft's RSS verification suite: addresses only 0x323e8fc2, with
# ports 0x51ccc178. The table is the default one, so the queue is (hash % 128) % 8.
case_rss_fragments() {
	local src=66.9.149.187 dst=161.142.100.80 port

	nic
	make_pod
	ip link set ln1 netns labnic-pod
	ip addr add $dst/32 dev ln0
	ip route add $src dev ln0
	ip neigh add $src lladdr "$far" dev ln0 nud permanent
	ip -n labnic-pod addr add $src/32 dev ln1
	ip -n labnic-pod link set ln1 up
	ip -n labnic-pod route add $dst dev ln1
	ip -n labnic-pod neigh add $dst lladdr "$near" dev ln1 nud permanent
	await "the link" link_is_up ln0
	ip netns exec labnic-pod ping -q -c 3 -i 0.01 -s 2000 $dst >/dev/null
	same "frames of 3 pings in 2 fragments" "$(per_queue rx_packets)" "0 0 6 0 0 0 0 0"
	for port in 1001 1002 1003 1004; do
		ip netns exec labnic-pod bash -c "head -c 2000 /dev/zero >/dev/udp/$dst/$port"
	done
	same "and of UDP to 4 ports in 2 fragments" "$(per_queue rx_packets)" "0 0 14 0 0 0 0 0"
}
judge "RSS hashes fragments and ICMP by address, as in the published vector" case_rss_fragments

case_filter() {
	nic
	send 10 1
	same "own address: filtered" "$(counter ln0 rx_filtered)" 0
	send 10 1 --dst "$other"
	same "another address: filtered" "$(counter ln0 rx_filtered)" 10
	bridge fdb add "$other" dev ln0 self
	send 10 1 --dst "$other"
	same "after fdb add: filtered" "$(counter ln0 rx_filtered)" 10
	ip link set ln0 down
	up
	send 10 1 --dst "$other"
	same "after down and up: filtered" "$(counter ln0 rx_filtered)" 10
	bridge fdb del "$other" dev ln0 self
	send 10 1 --dst "$other"
	same "after fdb del: filtered" "$(counter ln0 rx_filtered)" 20
	send 10 1 --dst ff:ff:ff:ff:ff:ff
	send 10 1 --dst 01:00:5e:00:00:01
	same "broadcast and multicast: filtered" "$(counter ln0 rx_filtered)" 20
	same "all that was not filtered" "$(every ln0 rx_packets)" 50
}
judge "unicast filter obeys bridge fdb at once, and passes multicast" case_filter

case_filter_promiscuous() {
	nic
	start host tools/wire recv --dev ln0 --count 10 --promisc
	send 10 1 --dst "$other"
	finish host
	send 10 1 --dst "$other"
	same "filtered after promiscuity ended" "$(counter ln0 rx_filtered)" 10
	ip link set ln0 address "$other"
	send 10 1 --dst "$other"
	same "filtered with that address as its own" "$(counter ln0 rx_filtered)" 10
	send 10 1
	same "filtered with the former address" "$(counter ln0 rx_filtered)" 20
}
judge "unicast filter obeys promiscuity and a new MAC address" case_filter_promiscuous

case_mtu() {
	nic
	ip link set ln1 mtu 9000
	send 10 1 --size 1518
	send 10 1 --size 1519
	same "too long for MTU 1500 and a VLAN tag" "$(counter ln0 rx_oversize)" 10
	ip link set ln0 mtu 9000
	start host tools/wire recv --dev ln0 --count 100
	send 100 3 --size 9014
	finish host
	refused "MTU 9000 is too large for XDP, one page takes 3502" attach --action drop
	ip link set ln0 mtu 3502
	attach --action drop
	send 10 1 --size 3516
	same "dropped by XDP at the largest MTU" "$(every ln0 rx_xdp_drop)" 10
	refused "MTU 3503 refused: with XDP at most 3502" ip link set ln0 mtu 3503
}
judge "MTU bounds frames, and XDP bounds the MTU" case_mtu

# What is sent into full rings is counted: nothing vanishes. XDP_TX doubles the work per frame.
case_accounting() {
	nic
	attach --action tx
	send 10000 64 --size 64
	same "taken, or dropped with a full ring" \
		"$(($(every ln0 rx_packets) + $(every ln0 rx_ring_full)))" 10000
	same "sent back" "$(every ln0 rx_xdp_tx)" "$(every ln0 rx_packets)"
	same "come back, or dropped there" "$(counter ln1 q0_rx_packets q0_rx_ring_full)" \
		"$(every ln0 tx_packets)"
	same "rx_packets of ip -s" "$(ip -s -j link show dev ln0 | jq '.[0].stats64.rx.packets')" \
		"$(every ln0 rx_packets)"
	same "tx_packets of ip -s" "$(ip -s -j link show dev ln0 | jq '.[0].stats64.tx.packets')" \
		"$(every ln0 tx_packets)"
}
judge "a flood is received or counted to the last frame" case_accounting

case_xdp_pass() {
	nic
	attach --action pass
	rss_counts
	same "XDP_PASS" "$(per_queue rx_xdp_pass)" "$(plan 1000 50)"
}
judge "XDP_PASS gives every frame to the host" case_xdp_pass

case_xdp_drop() {
	nic
	attach --action drop
	start host tools/wire recv --dev ln0 --count 10
	send 1000 50
	same "XDP_DROP" "$(per_queue rx_xdp_drop)" "$(plan 1000 50)"
	tools/xdpprog detach --dev ln0
	send 10 1 --first-seq 1000
	finish host
}
judge "XDP_DROP gives none to the host, until it is detached" case_xdp_drop

case_xdp_aborted() {
	nic
	attach --action aborted
	send 100 5
	same "XDP_ABORTED" "$(every ln0 rx_xdp_aborted)" 100
}
judge "XDP_ABORTED drops and counts" case_xdp_aborted

case_xdp_tx() {
	nic
	attach --action tx
	start wire tools/wire recv --dev ln1 --count 1000
	send 1000 50
	finish wire
	same "XDP_TX" "$(per_queue rx_xdp_tx)" "$(plan 1000 50)"
	same "sent by XDP" "$(per_queue tx_xdp_packets)" "$(plan 1000 50)"
}
judge "XDP_TX sends every frame back on its queue" case_xdp_tx

case_xdp_far() {
	nic
	refused "does not support XDP in native mode" \
		tools/xdpprog attach --dev ln1 --action pass
}
judge "the far end refuses native XDP" case_xdp_far
