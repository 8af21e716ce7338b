# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash disable=SC2154 # test.sh and words.sh set the variables
# Cases: header split, and memory providers: io_uring zero copy receive and device memory (devmem).

far_netns=/run/netns/labnic-far

# The ends in two namespaces, so that TCP goes over the wire; connections to port 5000 are on queue 3,
# and those to 5001 on queue 4.
apart() {
	nic
	ip netns add labnic-far
	ip link set ln1 netns labnic-far
	ip addr add 10.9.0.1/24 dev ln0
	ip -n labnic-far addr add 10.9.0.2/24 dev ln1
	ip -n labnic-far link set ln1 up
	await "the link" link_is_up ln0
	ethtool -G ln0 tcp-data-split on
	ethtool -X ln0 equal 2
	ethtool -K ln0 ntuple on
	rule flow-type tcp4 dst-port 5000 action 3
	rule flow-type tcp4 dst-port 5001 action 4
}

# both_v6: addresses of IPv6 too
both_v6() {
	ipv6 on
	ip addr add fd09::1/64 dev ln0 nodad
	ip netns exec labnic-far sysctl -qw net.ipv6.conf.ln1.disable_ipv6=0
	ip -n labnic-far addr add fd09::2/64 dev ln1 nodad
	rule flow-type tcp6 dst-port 5000 action 3
}

# stream ADDRESS OPTION...: from the far end, until all is received
stream() {
	tools/tcp send --netns "$far_netns" --addr "$@" >/dev/null || die "tcp send to $*"
}

# provider QUEUE: "io-uring", "dmabuf" or nothing
provider() {
	local row

	row=$(tools/netdev queues --dev ln0 --queue "$1")
	[[ $row =~ io-uring|dmabuf ]] && echo "${BASH_REMATCH[0]}" || echo none
}

has_no_provider() {
	[[ $(provider "$1") == none ]]
}

# is_at_least WHAT NUMBER LEAST
is_at_least() {
	(($2 >= $3)) || die "$1: $2, want at least $3"
}

# got NAME MIB COPIED: a server got so much, all of it right, and so many bytes of it copied
got() {
	finish "$1"
	same "received, corrupt and copied of $1" "$(result "$1" received corrupt copied)" \
		"$(($2 << 20)) 0 $3"
}

# --- header split -----------------------------------------------------------------------------

# The packet socket sees the payload in its pages. UDP is not split.
case_split_frames() {
	nic
	ip link set ln0 mtu 9000
	ip link set ln1 mtu 9000
	ethtool -G ln0 tcp-data-split on
	ethtool -K ln0 rx-vlan-filter off
	start host tools/wire recv --dev ln0 --count 600
	send 100 10 --tcp
	send 100 10 --tcp --v6 --first-seq 1000
	send 100 10 --tcp --size 9014 --first-seq 2000
	send 100 10 --tcp --vlan 5 --first-seq 3000
	ethtool -K ln0 rx-vlan-hw-parse off
	send 100 10 --tcp --vlan 5 --first-seq 4000
	send 100 10 --first-seq 5000
	finish host
	same "split" "$(every ln0 rx_split)" 500
	same "of a provider" "$(every ln0 rx_provider)" 0
}
judge "header split leaves every frame whole, of all sizes, tagged or not" case_split_frames

# A frame of 128 bytes is not longer than 128.
case_split_threshold() {
	nic
	ethtool -G ln0 tcp-data-split on
	tools/netdev rings --dev ln0 --set-hds-thresh 128 >/dev/null
	start host tools/wire recv --dev ln0 --count 300
	send 100 10 --tcp
	send 100 10 --tcp --size 129 --first-seq 1000
	same "split beyond the threshold" "$(every ln0 rx_split)" 100
	ethtool -G ln0 tcp-data-split off
	send 100 10 --tcp --size 129 --first-seq 2000
	finish host
	same "split, switched off" "$(every ln0 rx_split)" 100
}
judge "only frames longer than the threshold are split" case_split_threshold

case_split_receiver() {
	local address mtu

	apart
	both_v6
	for address in 10.9.0.1 fd09::1; do
		for mtu in 1500 9000; do
			ip link set ln0 mtu $mtu
			ip -n labnic-far link set ln1 mtu $mtu
			launch server tools/tcp recv --mib 4
			stream $address --mib 4
			got server 4 $((4 << 20))
		done
	done
	is_at_least "split" "$(counter ln0 q3_rx_split)" $((2 * (2897 + 469)))
	same "of a provider" "$(every ln0 rx_provider)" 0
}
judge "an ordinary receiver gets split frames right" case_split_receiver

# The stack cannot sum what is not in readable memory: the NIC does. One frame of 50 is damaged.
case_split_damaged() {
	apart
	modprobe sch_netem
	ip netns exec labnic-far tc qdisc add dev ln1 root netem corrupt 2%
	launch server tools/tcp zcrx --dev ln0 --queue 3 --mib 2
	stream 10.9.0.1 --mib 2
	got server 2 0
}
judge "no damaged frame gets into the memory of an application" case_split_damaged

# --- providers --------------------------------------------------------------------------------

# provided NAME KIND OPTION...: a server with a provider of that kind on queue 3; 4 MiB, none copied
provided() {
	local name=$1 kind=$2 bytes
	shift 2

	bytes=$(counter ln0 q3_rx_provider_bytes)
	launch "$name" tools/tcp "$@" --dev ln0 --queue 3 --mib 4
	same "provider" "$(provider 3)" "$kind"
	stream "${address:-10.9.0.1}" --mib 4
	got "$name" 4 0
	is_at_least "bytes of the provider" $(($(counter ln0 q3_rx_provider_bytes) - bytes)) $((4 << 20))
	await "the provider to go" has_no_provider 3
}

case_provider() {
	local address

	apart
	both_v6
	provided uring io-uring zcrx
	provided device dmabuf devmem
	address=fd09::1
	ip link set ln0 mtu 9000
	ip -n labnic-far link set ln1 mtu 9000
	provided uring io-uring zcrx
	provided device dmabuf devmem
}
judge "io_uring and devmem receive without a copy, IPv4 and IPv6, small frames and large" case_provider

# got_copies NAME: a server got 2 MiB, all of it right
got_copies() {
	stream 10.9.0.1 --mib 2
	finish "$1"
	same "received and corrupt of $1" "$(result "$1" received corrupt)" "$((2 << 20)) 0"
	is_at_least "copied of $1" "$(result "$1" copied)" $((1 << 20))
}

# Another queue's frames are copied; so are all of them without a device. The NIC's counter tells it: io_uring's own
# count lacks bytes of a copy that was cut short.
case_provider_elsewhere() {
	apart
	launch nowhere tools/tcp zcrx --mib 2
	got_copies nowhere
	launch uring tools/tcp zcrx --dev ln0 --queue 5 --mib 2
	got_copies uring
	launch device tools/tcp devmem --dev ln0 --queue 5 --mib 2
	stream 10.9.0.1 --mib 2
	got device 2 $((2 << 20))
	same "frames of a provider" "$(every ln0 rx_provider)" 0
}
judge "frames of a queue without a provider are copied, and said to be" case_provider_elsewhere

case_provider_two() {
	apart
	launch uring tools/tcp zcrx --dev ln0 --queue 3 --mib 4
	launch device tools/tcp devmem --dev ln0 --queue 4 --port 5001 --mib 4
	stream 10.9.0.1 --mib 4 &
	stream 10.9.0.1 --mib 4 --port 5001
	wait $!
	got uring 4 0
	got device 4 0
}
judge "io_uring on one queue and devmem on another" case_provider_two

# refuses ERRNO-OR-TEXT: both kinds of provider on queue 3
refuse_providers() {
	refused "$1" tools/tcp zcrx --dev ln0 --queue 3
	refused "$2" tools/tcp devmem --dev ln0 --queue 3
}

case_provider_excludes() {
	apart
	ethtool -G ln0 tcp-data-split off
	refuse_providers EINVAL "tcp-data-split is disabled"
	ethtool -G ln0 tcp-data-split on
	tools/netdev rings --dev ln0 --set-hds-thresh 100 >/dev/null
	refuse_providers EINVAL "hds-thresh is not zero"
	tools/netdev rings --dev ln0 --set-hds-thresh 0 >/dev/null
	launch uring tools/tcp zcrx --dev ln0 --queue 3
	refuse_providers EEXIST "designated queue already memory provider bound"
	refused EBUSY attach --action pass
	refused "can't disable tcp-data-split" ethtool -G ln0 tcp-data-split off
	refused EBUSY tools/xsk --dev ln0 --queue 5 --zerocopy --send 1 --dst "$far"
}
judge "providers need header split, and exclude each other and XDP" case_provider_excludes

# --- coming and going -------------------------------------------------------------------------

case_provider_changes() {
	local i

	apart
	launch uring tools/tcp zcrx --dev ln0 --queue 3 --mib 16
	stream 10.9.0.1 --mib 16 &
	for ((i = 0; i < 5; i++)); do
		restart_queue 3
		ethtool -L ln0 combined 6
		ip link set ln0 down
		ip link set ln0 up
		ethtool -L ln0 combined 8
	done
	wait $!
	got uring 16 0
}
judge "a provider outlives restarts of its queue, ln0 going down and channels, under traffic" \
	case_provider_changes

no_buffer() {
	(($(counter ln0 q3_rx_no_buffer) > 0))
}

case_provider_exhausted() {
	apart
	launch uring tools/tcp zcrx --dev ln0 --queue 3 --area-mib 1 --keep
	launch traffic tools/tcp send --netns "$far_netns" --addr 10.9.0.1
	await "the memory to be used up" no_buffer
	launch host tools/tcp recv --port 5001 --mib 1
	stream 10.9.0.1 --port 5001 --mib 1
	got host 1 $((1 << 20))
	kill -KILL "${pid[uring]}"
	await "the provider to go" has_no_provider 3
	wait "${pid[traffic]}" || true
	provided uring io-uring zcrx
}
judge "an application that gives nothing back stops itself and nobody else" case_provider_exhausted

# bound KIND: a server of that kind on queue 3, with traffic that does not end
bound() {
	launch "$1" tools/tcp "$1" --dev ln0 --queue 3
	launch traffic tools/tcp send --netns "$far_netns" --addr 10.9.0.1
	await "traffic" provider_is_used
}

provider_is_used() {
	(($(counter ln0 q3_rx_provider) > used + 500))
}

case_provider_killed() {
	local kind used

	apart
	for kind in zcrx devmem zcrx; do
		used=$(counter ln0 q3_rx_provider)
		bound $kind
		kill -KILL "${pid[$kind]}"
		await "the provider to go" has_no_provider 3
		wait "${pid[traffic]}" || true
	done
	provided uring io-uring zcrx
}
judge "a killed application leaves no provider, and the next one receives" case_provider_killed

# killed_around_rmmod NAME before|during|after
killed_around_rmmod() {
	[[ $2 != before ]] || kill -KILL "${pid[$1]}"
	rmmod labnic &
	[[ $2 != during ]] || read -rt 0.05 -u "$silence" || true
	[[ $2 != during ]] || kill -KILL "${pid[$1]}"
	wait $!
	gone ln0 || die "ln0 is still there"
	[[ $2 != after ]] || kill -KILL "${pid[$1]}"
	kill -KILL "${pid[traffic]}" 2>/dev/null || true
	wait "${pid[$1]}" "${pid[traffic]}" || true
}

# The application is killed right before its NIC goes, while it goes, or after that. Then the kernel unmaps a dmabuf
# through the NIC's device, of which it holds no reference: see labnic_add_device().
case_provider_rmmod() {
	local kind moment freed used=0 tracing=/sys/kernel/tracing

	echo platform_device_release >"$tracing/set_ftrace_filter"
	echo function >"$tracing/current_tracer"
	for kind in zcrx devmem; do
		for moment in before during after; do
			apart
			bound $kind
			killed_around_rmmod $kind $moment
			ip netns del labnic-far
		done
	done
	freed=$(grep -c ': platform_device_release' "$tracing/trace" || true)
	echo nop >"$tracing/current_tracer"
	same "devices freed" "$freed" 0
}
judge "rmmod while a provider is bound and under traffic" case_provider_rmmod
