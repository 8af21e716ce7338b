# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash disable=SC2154 # test.sh and words.sh set the variables
# Cases: flow rules and RSS contexts, and the quirks of drivers that the parameters turn on.

# The NIC with rules on; RSS sends all frames with an IP header to queue 0, and what is none, too.
rules_nic() {
	nic "$@"
	ethtool -K ln0 ntuple on
	steer 0
}

# goes QUEUE OPTION...: 20 frames of 10 flows go there, all of them
goes() {
	local queue=$1 want
	shift

	read -ra want <<<"$(per_queue rx_packets)"
	send 20 10 "$@"
	((want[queue] += 20))
	same "rx_packets per queue after 20 frames '$*'" "$(per_queue rx_packets)" "${want[*]}"
}

# kinds QUEUES [OPTION...]: where UDP, TCP over IPv4, UDP, TCP over IPv6 and what is no IP goes; by
# the number of frames it shows which went wrong
kinds() {
	local kind queues want count=10
	read -ra queues <<<"$1"
	shift

	read -ra want <<<"$(per_queue rx_packets)"
	for kind in "" --tcp --v6 "--v6 --tcp" --raw-nonip; do
		# shellcheck disable=SC2086 # none, one or two words
		send $count 5 $kind "$@"
		((want[queues[0]] += count, count *= 2))
		queues=("${queues[@]:1}")
	done
	same "rx_packets per queue after 10 UDP, 20 TCP, 40 UDP6, 80 TCP6, 160 no IP '$*'" \
		"$(per_queue rx_packets)" "${want[*]}"
}

# no_rules: switching them off takes them away
no_rules() {
	ethtool -K ln0 ntuple off
	ethtool -K ln0 ntuple on
}

# goes_by WANT [OPTION...]: 1000 frames of 50 flows per queue; WANT comes from the witness
goes_by() {
	local want=$1
	shift

	start host tools/wire recv --dev ln0 --count 1000 --per-queue
	send 1000 50 "$@"
	finish host
	same "frames '$*' per queue" "$(recorded host)" "$want"
}

case_rules_off() {
	nic
	refused "Operation not supported" rule flow-type udp4 action 1
	ethtool -K ln0 ntuple on
	rule flow-type udp4 action 1 loc 0
	rule flow-type tcp4 action 2 loc 1
	same "rules" "$(rules_kept)" "0 1"
	goes 1
	ethtool -K ln0 ntuple off
	same "rules after switching off" "$(rules_kept)" ""
	ethtool -K ln0 ntuple on
	same "rules after switching on" "$(rules_kept)" ""
	goes_by "$(plan 1000 50)"
}
judge "rules: none while rx-ntuple-filter is off, which is its default" case_rules_off

case_rules_ether() {
	rules_nic
	ethtool -K ln0 rx-vlan-filter off
	vlan 5
	rule flow-type ether dst "$near" action 3
	kinds "3 3 3 3 3"
	kinds "3 3 3 3 3" --dev ln1.5
	bridge fdb add "$other" dev ln0 self
	goes 0 --dst "$other"
	rule flow-type ether proto 0x88b5 dst "$other" action 4
	goes 4 --dst "$other" --raw-nonip
	goes 4 --dst "$other" --raw-nonip --dev ln1.5
	goes 0 --dst "$other"
	rule flow-type ether src 02:00:00:00:00:77 dst "$other" action 5
	goes 5 --dst "$other" --src 02:00:00:00:00:77
	goes 0 --dst "$other"
}
judge "rules: by MAC addresses and EtherType" case_rules_ether

case_rules_ip() {
	rules_nic
	rule flow-type ip4 dst-ip 10.1.255.1 action 1
	rule flow-type ip6 dst-ip fd6e:6b00:0:1::ffff:1 action 2
	kinds "1 1 2 2 0"
	kinds "0 0 0 0 0" --tag 2
	rule flow-type ip4 dst-ip 10.2.255.1 l4proto 6 action 3
	rule flow-type ip6 dst-ip fd6e:6b00:0:2::ffff:1 l4proto 17 action 4
	kinds "0 3 4 0 0" --tag 2
	ethtool -N ln0 delete 0
	kinds "0 0 2 2 0"
	refused "Invalid argument" rule flow-type ip4 l4data 0x4e204e20 action 1
	refused "Invalid argument" rule flow-type ip6 l4data 0x4e204e20 action 1
	refused "Operation not supported" rule flow-type sctp4 dst-port 9000 action 1
}
judge "rules: by IP addresses and protocol" case_rules_ip

case_rules_ports() {
	rules_nic
	rule flow-type udp4 dst-ip 10.1.255.1 dst-port 9000 action 1
	rule flow-type tcp4 dst-ip 10.1.255.1 dst-port 9000 action 2
	rule flow-type udp6 dst-ip fd6e:6b00:0:1::ffff:1 dst-port 9000 action 3
	rule flow-type tcp6 dst-ip fd6e:6b00:0:1::ffff:1 dst-port 9000 action 4
	kinds "1 2 3 4 0"
	kinds "0 0 0 0 0" --tag 2
	no_rules
	rule flow-type udp4 dst-port 9001 action 1
	rule flow-type tcp4 dst-port 9001 action 2
	rule flow-type udp6 dst-port 9001 action 3
	rule flow-type tcp6 dst-port 9001 action 4
	kinds "0 0 0 0 0"
}
judge "rules: by TCP and UDP ports" case_rules_ports

# ethtool writes a mask the other way round: its 1 bits are not compared.
case_rules_masks() {
	rules_nic
	rule flow-type udp4 src-ip 10.1.0.0 m 0.0.0.255 action 1
	rule flow-type tcp4 dst-port 9000 m 0x00ff action 2
	rule flow-type ip6 src-ip fd6e:6b00:0:1:: m ::ffff action 3
	rule flow-type ether src 02:6c:6e:00:00:ff m 00:00:00:00:00:ff action 4
	kinds "1 2 3 3 4"
	send 20 10 --tag 2
	same "and another network, by the last rule" "$(counter ln0 q4_rx_packets)" 180
	rule flow-type udp4 dst-ip 10.2.255.1 src-port 0 m 0xfffe action 5 loc 0
	send 20 10 --tag 2
	same "ports 20000 to 20009, the even ones" "$(counter ln0 q5_rx_packets)" 10
	same "and the odd ones" "$(counter ln0 q4_rx_packets)" 190
}
judge "rules: compare the bits of the mask, no others" case_rules_masks

# A rule with vlan matches frames of that VLAN only; one without it, tagged and untagged ones.
case_rules_vlan() {
	rules_nic
	ethtool -K ln0 rx-vlan-filter off
	vlan 5
	vlan 6
	rule flow-type udp4 vlan 5 m 0xf000 action 1
	rule flow-type tcp4 vlan 5 m 0xf000 action 2
	rule flow-type udp6 vlan 5 m 0xf000 action 3
	rule flow-type tcp6 vlan 5 m 0xf000 action 4
	rule flow-type ether vlan 5 m 0xf000 action 5
	rule flow-type ip4 vlan 6 m 0xf000 action 6
	rule flow-type ip6 vlan-etype 0x8100 action 7
	kinds "1 2 3 4 5" --dev ln1.5
	kinds "6 6 7 7 0" --dev ln1.6
	kinds "0 0 0 0 0"
	no_rules
	rule flow-type ether vlan 0 m 0xf000 action 5
	rule flow-type udp4 dst-port 9000 dst-mac "$near" action 1
	rule flow-type ip6 dst-mac "$other" action 2
	kinds "1 0 0 0 0"
	kinds "1 0 0 0 0" --dev ln1.5
	bridge fdb add "$other" dev ln0 self
	kinds "0 0 2 2 0" --dst "$other" --dev ln1.6
}
judge "rules: by VLAN and destination MAC beside every flow type" case_rules_vlan

case_rules_stripping_off() {
	rules_nic
	ethtool -K ln0 rx-vlan-filter off rx-vlan-hw-parse off
	vlan 5
	rule flow-type udp4 vlan 5 m 0xf000 dst-port 9000 action 1
	rule flow-type ip6 dst-ip fd6e:6b00:0:1::ffff:1 action 2
	kinds "1 0 2 2 0" --dev ln1.5
}
judge "rules: match tagged frames also if tags are not stripped" case_rules_stripping_off

case_rules_order() {
	rules_nic
	rule flow-type ether dst "$near" action 1 loc 100
	goes 1
	rule flow-type udp4 action 2 loc 50
	goes 2
	rule flow-type udp4 action 3 loc 200
	goes 2
	rule flow-type ip4 action 4 loc 0
	goes 4
	same "rules" "$(rules_kept)" "0 50 100 200"
	rule flow-type ip4 action 5 loc 0
	goes 5
	ethtool -N ln0 delete 0
	goes 2
	ethtool -N ln0 delete 50
	goes 1
	ethtool -N ln0 delete 100
	goes 3
	ethtool -N ln0 delete 200
	goes 0
	refused "No such file or directory" ethtool -N ln0 delete 200
	refused "No such file or directory" ethtool -n ln0 rule 200
}
judge "rules: the lowest location wins; replaced and deleted ones are gone" case_rules_order

case_rules_drop() {
	rules_nic
	rule flow-type udp4 dst-port 9000 action -1
	send 100 10
	goes 0 --tcp
	same "dropped by a rule" "$(counter ln0 rx_rule_drop)" 100
	same "received" "$(every ln0 rx_packets)" 20
	same "dropped, of ip -s" "$(ip -s -j link show dev ln0 | jq '.[0].stats64.rx.dropped')" 0
}
judge "rules: can drop, and that is counted" case_rules_drop

case_rules_queue() {
	rules_nic queues=4
	refused "Invalid argument" rule flow-type udp4 action 4
	ethtool -L ln0 combined 3
	refused "Invalid argument" rule flow-type udp4 action 3
	rule flow-type udp4 action 2
	ethtool -X ln0 default
	refused "too low for existing ntuple filter settings" ethtool -L ln0 combined 2
	ethtool -L ln0 combined 4
	goes 2
	ethtool -N ln0 delete 0
	ethtool -L ln0 combined 2
}
judge "rules: lead to queues that exist, and keep them" case_rules_queue

case_rules_full() {
	local i

	refused "rules=0, but it must be 1 to 4096" insmod "$LABNIC_KO" rules=0
	refused "rules=4097, but it must be 1 to 4096" insmod "$LABNIC_KO" rules=4097
	rules_nic rules=4
	for ((i = 0; i < 3; i++)); do
		rule flow-type udp4 dst-port $i action 1
	done
	rule flow-type udp4 dst-port 9000 action 2
	same "rules" "$(rules_kept)" "0 1 2 3"
	goes 2
	refused "No space left on device" rule flow-type udp4 action 1
	refused "No space left on device" rule flow-type udp4 action 1 loc 4
	ethtool -N ln0 delete 1
	rule flow-type tcp4 action 3
	same "rules" "$(rules_kept)" "0 1 2 3"
	goes 3 --tcp
}
judge "rules: as many as the parameter says" case_rules_full

# Without the flag RX_CLS_LOC_SPECIAL ethtool chooses a location itself, from the end.
case_rules_locations() {
	refused "locations=none, but it must be both, explicit or any" \
		insmod "$LABNIC_KO" locations=none
	rules_nic locations=explicit
	rule flow-type udp4 action 1
	same "rules" "$(rules_kept)" 255
	goes 1
	rmmod labnic
	rules_nic locations=any
	refused "Invalid argument" rule flow-type udp4 action 1 loc 7
	rule flow-type udp4 action 2
	rule flow-type tcp4 action 3
	same "rules" "$(rules_kept)" "0 1"
	goes 2
	ethtool -N ln0 delete 0
	goes 0
}
judge "rules: the parameter locations says who chooses" case_rules_locations

case_rules_quirks() {
	rules_nic ether=0
	refused "Operation not supported" rule flow-type ether dst "$near" action 1
	rule flow-type udp4 action 1
	goes 1
	rmmod labnic
	rules_nic ether_context=0
	context start 2 equal 1
	refused "Invalid argument" rule flow-type ether dst "$near" context 1
	rule flow-type ether dst "$near" action 1 loc 9
	goes 1
	rule flow-type udp4 context 1 loc 0
	goes 1 --tcp
	goes 2
	rmmod labnic
	nic ntuple=0
	same "the feature" "$(ethtool -k ln0 | grep ntuple)" "ntuple-filters: off [fixed]"
	refused "Operation not supported" rule flow-type udp4 action 1
	refused "Operation not supported" ethtool -n ln0
	rss_counts
}
judge "rules: drivers that do not have all of them" case_rules_quirks

# plan_of CONTEXT [OPTION...]: as plan does it, by the table of a context and the key of the NIC
plan_of() {
	local line entries key indir=()
	# shellcheck disable=SC2034 # read_rss fills it
	local table=()

	read_rss
	while read -r line; do
		if [[ $line =~ ^[0-9]+:(.*) ]]; then
			read -ra entries <<<"${BASH_REMATCH[1]}"
			indir+=("${entries[@]}")
		fi
	done <<<"$(ethtool -x ln0 context "$1")"
	shift
	first "$(queues_of ln0)" frames "$(tools/wire plan --count 1000 --flows 50 "$@" \
		--key "$key" --indir "$(IFS=, && echo "${indir[*]}")")"
}

case_contexts() {
	local one two

	rules_nic
	ethtool -K ln0 rx-vlan-filter off
	vlan 5
	context start 2 equal 3
	context weight 0 1 0 0 0 2 3
	rule flow-type udp4 context 1
	rule flow-type ip6 context 2
	one=$(plan_of 1)
	two=$(plan_of 2 --v6)
	goes_by "$one"
	goes_by "$two" --v6
	goes_by "$one" --dev ln1.5
	goes_by "1000 0 0 0 0 0 0 0" --tcp
	ethtool -X ln0 context 1 equal 7
	goes_by "$(plan_of 1)"
	goes_by "$two" --v6
	[[ $(plan_of 1) != "$one" ]] || die "context 1 is the same as before"
}
judge "contexts: spread what rules send there by a table of their own" case_contexts

# Context 0 is the default table: what a rule excepts from another one.
case_contexts_default() {
	rules_nic
	context start 5 equal 1
	rule flow-type ip4 context 1 loc 9
	goes 5
	rule flow-type udp4 context 0 loc 8
	goes 0
	goes 5 --tcp
}
judge "contexts: a rule can lead to the default table" case_contexts_default

case_contexts_busy() {
	rules_nic
	context equal 2
	rule flow-type udp4 context 1 loc 3
	refused "Device or resource busy" ethtool -X ln0 context 1 delete
	refused "Invalid argument" rule flow-type udp4 context 2
	ethtool -N ln0 delete 3
	ethtool -X ln0 context 1 delete
	refused "No such file or directory" ethtool -X ln0 context 1 delete
	context start 6 equal 2
	ethtool -X ln0 default
	refused "too low for existing indirection table (7)" ethtool -L ln0 combined 7
	ethtool -X ln0 context 1 delete
	ethtool -L ln0 combined 7
}
judge "contexts: stay while a rule leads there, and keep their queues" case_contexts_busy

case_contexts_number() {
	local i

	refused "contexts=16, but it must be 0 to 15" insmod "$LABNIC_KO" contexts=16
	rules_nic
	for ((i = 1; i <= 15; i++)); do
		context start $((i % 8)) equal 1
	done
	refused "Device or resource busy" context equal 1
	rule flow-type udp4 context 15
	goes 7
	rmmod labnic
	rules_nic contexts=2
	context equal 1
	context start 1 equal 1
	refused "Device or resource busy" context equal 1
	rmmod labnic
	rules_nic contexts=0
	refused "Operation not supported" context equal 1
	rule flow-type udp4 action 1
	goes 1
}
judge "contexts: as many as the parameter says" case_contexts_number

# Rules come and go under traffic: no frame is lost or goes where no rule ever led.
case_rules_traffic() {
	local i

	rules_nic
	context start 2 equal 2
	start host tools/wire recv --dev ln0 --count 10000
	send 10000 50 --pps 10000 &
	for ((i = 0; i < 10; i++)); do
		rule flow-type udp4 action 1 loc 1
		rule flow-type udp4 dst-port 9000 context 1 loc 0
		ethtool -X ln0 context 1 start $((2 + i % 2)) equal 2
		ethtool -N ln0 delete 0
		ethtool -N ln0 delete 1
	done
	wait $!
	finish host
	same "on other queues" "$(counter ln0 q5_rx_packets q6_rx_packets q7_rx_packets)" 0
	(($(counter ln0 q1_rx_packets) > 0)) || die "no rule was ever obeyed"
}
judge "rules and contexts that change under traffic lose no frame" case_rules_traffic

some_received() {
	(($(every ln0 rx_packets) > 200))
}

case_rules_unbind() {
	rules_nic
	context start 3 equal 2
	rule flow-type udp4 context 1
	rule flow-type tcp4 action 5
	rule flow-type ip6 action -1
	send 100000000 50 --pps 10000 &>/dev/null &
	await "traffic" some_received
	echo labnic.0 >/sys/bus/platform/drivers/labnic/unbind
	both_gone
	echo labnic.0 >/sys/bus/platform/drivers/labnic/bind
	up
	ethtool -K ln0 ntuple on
	same "rules after bind" "$(rules_kept)" ""
	refused "No such file or directory" ethtool -X ln0 context 1 delete
	rss_counts
}
judge "unbind with rules and contexts, under traffic" case_rules_unbind
