# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash disable=SC2034,SC2119,SC2120,SC2154 # shared with the runner and the cases
# sliced.sh - the words of cases about slicing the NIC; sourced by them

# shellcheck source=test/suite/pairs.sh
source "$suite/pairs.sh"

# as_at_first: the dump is the one in at_first
as_at_first() {
	dump >"$scratch/now"
	diff -u "$scratch/at_first" "$scratch/now" >"$scratch/diff" ||
		die "not as at first:"$'\n'"$(cat "$scratch/diff")"
}

# queue_of POD: the first queue that it has
queue_of() {
	local path

	path=$(interface "$1" socketPath)
	path=${path%/xsks_map}
	echo "${path##*/q}"
}

# one_lease: for await
one_lease() {
	[[ $(leases) == 1 ]]
}

# rules: how many flow rules ln0 has
rules() {
	ethtool -n ln0 | sed -n 's/^Total \([0-9]*\) rules$/\1/p'
}

# nic_state: what slicing changes of ln0; MAC addresses of rules in it
nic_state() {
	shares
	ethtool -n ln0 | grep -v '^Total'
	tools/netdev contexts --dev ln0
	ethtool -k ln0 | grep -E 'ntuple|vlan'
	cat /sys/class/net/ln0/queues/tx-*/xps_cpus
	bridge fdb show dev ln0
}

# --- frames -----------------------------------------------------------------------------------

# gets_its_frames POD SEQ [OPTION of wire send...]: 300 frames for its MAC, all of them and no other
gets_its_frames() {
	local pod=$1 seq=$2
	shift 2

	socket "in$pod$seq" "$pod" 1 --recv 300 --first-seq $((seq * 1000))
	send 300 10 --dst "$(mac "$pod")" --first-seq $((seq * 1000)) "$@"
	finish "in$pod$seq"
	same "frames of $pod that are not its own" "$(result "in$pod$seq" foreign corrupt)" "0 0"
}

# Four Pods, each with a match of its own, on queues 4 to 7; that of p1 is a variable, for a NIC may
# have no rules on MACs.
mixed_pods() {
	pods p1 p2 p3 p4
	dump >"$scratch/at_first"
	add p1 "$(sliced ".steering = [{match: \"${first_match:-mac}\"}]")" CNI_ARGS="IP=10.7.0.1/24"
	add p2 "$(sliced '.steering = [{match: "ip"}]')" CNI_ARGS="IP=10.7.0.2/24,fd07::2/64"
	add p3 "$(sliced '.steering = [{match: "tcp", port: 80}]')" CNI_ARGS="IP=10.7.0.3/24"
	add p4 "$(sliced '.steering = [{match: "udp", port: 53}]')" CNI_ARGS="IP=10.7.0.4/24,fd07::4/64"
}

unmix() {
	local pod

	for pod in p3 p1 p4 p2; do
		del "$pod"
	done
	as_at_first
}

# mixed_traffic COUNT: for all four and for the host at once, in 10 parts; each gets exactly its own
mixed_traffic() {
	local part=$(($1 / 10)) pod jobs=() job q used

	used=$(counter ln0 q{4,5,6,7}_rx_packets)
	socket one p1 1 --tag 1 --recv $((2 * part))
	socket two p2 1 --tag 2 --recv $((2 * part))
	socket three p3 1 --tag 3 --recv "$part"
	socket four p4 1 --tag 4 --recv $((2 * part))
	start host tools/wire recv --dev ln0 --tag 9 --count $((3 * part)) --per-queue
	for job in "--tag 1 --dst $(mac p1) --dst-ip 10.7.0.1 --count $((2 * part))" \
		"--tag 2 --dst $(mac p2) --dst-ip 10.7.0.2 --count $part" \
		"--tag 2 --dst $near --dst-ip fd07::2 --v6 --first-seq 1000 --count $part" \
		"--tag 3 --dst $(mac p3) --dst-ip 10.7.0.3 --dst-port 80 --tcp --count $part" \
		"--tag 4 --dst $(mac p4) --dst-ip 10.7.0.4 --dst-port 53 --count $part" \
		"--tag 4 --dst $near --dst-ip fd07::4 --dst-port 53 --v6 --first-seq 1000 --count $part" \
		"--tag 9 --dst $near --count $part" \
		"--tag 9 --dst $near --dst-ip 10.7.0.3 --dst-port 81 --tcp --first-seq 1000 --count $part" \
		"--tag 9 --dst $near --dst-ip 10.7.0.4 --dst-port 54 --first-seq 2000 --count $part"; do
		# shellcheck disable=SC2086 # words
		tools/wire send --dev ln1 --flows 20 --pps 1000 $job >/dev/null &
		jobs+=($!)
	done
	wait "${jobs[@]}"
	for pod in one two three four host; do
		finish $pod
		same "foreign and corrupt frames of $pod" "$(result $pod foreign corrupt)" "0 0"
	done
	same "frames on the pool" "$(($(counter ln0 q{4,5,6,7}_rx_packets) - used))" $((7 * part))
	read -ra used <<<"$(recorded host)"
	for q in 4 5 6 7; do
		same "host frames on queue $q" "${used[q]}" 0
	done
}

# listens NETNS PORT
listens() {
	[[ $(ss -N "$1" -Hltn "sport = :$2") ]]
}

# streams_use_pool: 16 TCP streams each way between host and peer, by iperf3; are pool queues used, to
# receive, to send? As "yes no"
streams_use_pool() {
	local received sent i said=()

	received=$(counter ln0 q{4,5,6,7}_rx_packets)
	sent=$(counter ln0 q{4,5,6,7}_tx_packets)
	nsenter --net=/run/netns/beyond iperf3 -s -1 &>"$scratch/iperf3.err" &
	await "the listener" listens beyond 5201
	iperf3 -c 10.9.0.2 -P 16 --bidir -n 256K &>"$scratch/iperf3-client.err" || die "iperf3 failed"
	wait $! || die "the iperf3 server failed"
	for i in $(($(counter ln0 q{4,5,6,7}_rx_packets) - received)) \
		$(($(counter ln0 q{4,5,6,7}_tx_packets) - sent)); do
		if ((i)); then
			said+=(yes)
		else
			said+=(no)
		fi
	done
	echo "${said[*]}"
}

# tcp_to POD PORT: 100000 bytes from beyond; how many arrived
tcp_to() {
	nsenter "--net=/run/netns/$1" socat -u "TCP-LISTEN:$2,reuseaddr" \
		"OPEN:$scratch/tcp,creat,trunc" >/dev/null 2>&1 &
	await "the listener" listens "$1" "$2"
	head -c 100000 /dev/zero | nsenter --net=/run/netns/beyond socat -u - "TCP:$(address "$1" 4):$2" ||
		die "no connection to port $2"
	wait $!
	stat -c %s "$scratch/tcp"
}

# answering NAME POD QUEUE: an AF_XDP application that answers pings
answering() {
	socket "$1" "$2" "$3" --answer-ping --timeout-ms 60000
}

# neighbour ADDRESS: its MAC, as the peer has learnt it
neighbour() {
	ip -n beyond -j neigh show "$1" dev ln1 | jq -r '.[0].lladdr'
}

# --- many Pods --------------------------------------------------------------------------------

# add_numbered POD: its number, 1 to 8, says how its frames are known
add_numbered() {
	local number=${1#p} address how

	address=10.7.0.$number/24
	case $number in
	1) how='.steering = [{match: "ip"}]' ;;
	2) how='.steering = [{match: "udp", port: 9000}]' ;;
	3) how='.steering = [{match: "mac"}, {match: "ip"}]' ;;
	4) how='.steering = [{match: "mac", vlan: 4}]' ;;
	5) how='.steering = [{match: "tcp", port: 9000}]' ;;
	6)
		how='.steering = [{match: "ip"}]'
		address=fd07::6/64
		;;
	7) how='.queues.count = 2' ;; # with a context
	8) how='.steering = [{match: "mac"}]' ;;
	esac
	[[ $number != 7 || ${quirks:-} != contexts=0 ]] || how='.queues.count = 1'
	add "$1" "$(sliced ".queues.pool = \"16-31\" | $how")" "CNI_ARGS=IP=$address"
}

# know POD: into $queues those of its device; into $to what makes a frame one of its own
know() {
	queues=1
	to=(--dst "$near" --dst-ip "10.7.0.${1#p}")
	case $1 in
	p4) to=(--dst "$(mac p4)" --vlan 4) ;;
	p5) to+=(--tcp) ;;
	p6) to=(--dst "$near" --dst-ip fd07::6) ;;
	p7)
		to=(--dst "$(mac p7)")
		[[ ${quirks:-} == contexts=0 ]] || queues=1,2
		;;
	p8) to=(--dst "$(mac p8)") ;;
	esac
}

del_now() {
	del "$1"
}

# at_once COMMAND POD...: for all of them at the same time
at_once() {
	local command=$1 pod jobs=()
	shift

	for pod; do
		("$command" "$pod") &
		jobs+=($!)
	done
	for pod in "${jobs[@]}"; do
		wait "$pod" || die "$command failed"
	done
}

# get_their_frames ROUND POD...: 50 for each, and 50 for the host
get_their_frames() {
	local round=$1 pod queues to
	shift

	for pod; do
		know "$pod"
		socket "$pod-$round" "$pod" "$queues" --tag "${pod#p}" --recv 50 --first-seq $((round * 100))
	done
	start "host-$round" tools/wire recv --dev ln0 --tag 100 --count 50 --first-seq $((round * 100))
	for pod; do
		know "$pod"
		send 50 5 --tag "${pod#p}" --first-seq $((round * 100)) "${to[@]}"
	done
	send 50 5 --tag 100 --first-seq $((round * 100))
	for pod; do
		finish "$pod-$round"
		same "foreign frames of $pod" "$(result "$pod-$round" foreign corrupt)" "0 0"
	done
	finish "host-$round"
}

# --- failures and profiles ----------------------------------------------------------------------

# every_failure CONF: ADD with the 1st, 2nd, ... call into the driver failing, until none does
every_failure() {
	local n parameter=/sys/module/labnic/parameters/fail_op left

	# Once before, since the first ADD gives netns ids, and those stay.
	add p1 "$1" CNI_ARGS=IP=10.7.0.2/24
	del p1
	dump >"$scratch/at_first"
	for ((n = 1; n < 100; n++)); do
		echo $n >$parameter
		if cni ADD p1 "$1" CNI_ARGS=IP=10.7.0.2/24 >"$scratch/said"; then
			left=$(<$parameter)
			echo 0 >$parameter
			((left)) || die "ADD took no notice of the failure of driver call $n"
			break
		fi
		same "calls left to fail" "$(<$parameter)" 0
		[[ $(jq .code "$scratch/said") -ge 100 ]] || die "call $n: $(<"$scratch/said")"
		as_at_first
	done
	((n > 4 && n < 100)) || die "ADD made $((n - 1)) driver calls"
	cni DEL p1 "$1" || die "DEL"
	as_at_first
	echo "note: $((n - 1)) driver calls failed, one at a time"
}

# profile PARAMETER COMMAND...: each on a NIC with a quirk; all but the first in a soak alone
profile() {
	local quirks=$1 command first=1 status
	shift

	for command; do
		if [[ $first || ${soak:-} ]]; then
			# In a condition "set -e" would count for nothing.
			set +e
			(
				set -e
				trap end_case EXIT
				"$command"
			)
			status=$?
			set -e
			((status == 0)) || die "$command with $quirks"
			clean
		fi
		first=""
	done
}

# mixed: frames for four Pods and the host; each gets its own
mixed() {
	local pod

	nic
	mixed_pods
	mixed_traffic "${1:-2000}"
	for pod in p1 p2 p3 p4; do
		check "$pod"
	done
	unmix
}

# eth0_conf CONF: with a prevResult that has a pair as eth0
eth0_conf() {
	echo "${1%\}},\"prevResult\":$(<"$scratch/eth0.result")}"
}

# stream: chunks on stdout, until there is a file "enough"; then how many bytes, in a file "sent"
stream() {
	local chunk sent=0

	printf -v chunk '%01000d' 7
	until [[ -e $scratch/enough ]]; do
		printf '%s' "$chunk"
		sent=$((sent + ${#chunk}))
		read -rt 0.01 -u "$silence" || true
	done
	echo "$sent" >"$scratch/sent"
}

# is_longer SIZE: than that the stream has become
is_longer() {
	[[ $(stat -c %s "$scratch/stream") -gt $1 ]]
}

# goes_on: bytes of the stream arrive now, and more than were on their way
goes_on() {
	await "more bytes of the stream" is_longer $(($(stat -c %s "$scratch/stream") + 20000))
}

# stream_survives MATCH: a TCP stream over eth0, a pair, while a single with that match comes and goes.
# Without an application of the single the host would get also what is on its queue: so that is counted.
stream_survives() {
	local conf receiver sender used

	rm -f "$scratch/enough" "$scratch/stream"
	add_pair p1
	cp "$scratch/p1.result" "$scratch/eth0.result"
	conf=$(eth0_conf "$(sliced ".steering = [$1] | .ifName = \"nk0\"")")
	nsenter --net=/run/netns/p1 socat -u TCP-LISTEN:5000,reuseaddr OPEN:"$scratch/stream",creat,trunc \
		>/dev/null 2>&1 &
	receiver=$!
	await "the listener" listens p1 5000
	stream | nsenter --net=/run/netns/beyond socat -u - "TCP:$(address p1 4):5000" &
	sender=$!
	await "the stream" is_longer 0
	cni ADD p1 "$conf" CNI_IFNAME=eth0 CNI_ARGS=IP=10.7.0.9/24 >"$scratch/single" ||
		die "$1: $(<"$scratch/single")"
	used=$(counter ln0 q4_rx_packets)
	goes_on
	same "frames on the queue of $1" "$(counter ln0 q4_rx_packets)" "$used"
	cni DEL p1 "$conf" CNI_IFNAME=eth0 || die "DEL of the single"
	goes_on
	touch "$scratch/enough"
	wait "$sender" || die "$1: the stream broke"
	wait "$receiver" || die "$1: the stream broke"
	same "bytes that arrived with $1" "$(stat -c %s "$scratch/stream")" "$(<"$scratch/sent")"
	del_pair p1
}

# unchanged_by_pod POD: its DEL gives the NIC back as it was before any
unchanged_by_pod() {
	del "$1"
	same "VLAN features" "$(ethtool -k ln0 | grep -E 'rx-vlan-(offload|filter)' | grep -c ': on')" 2
}
