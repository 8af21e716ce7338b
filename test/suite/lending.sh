# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash disable=SC2034,SC2119,SC2120,SC2154 # shared with the runner and the cases
# lending.sh - the words of cases about Pods that receive through leased queues; sourced by them
#
# A Pod has its lease on the end of a pair, or on a single beside a pair that carries the traffic.

# shellcheck source=test/suite/sliced.sh
source "$suite/sliced.sh"

# What both shapes say of the NIC.
lending='.master = "ln0" | .queues = {pool: "4-7"} | .rss.keep = false | .xsk.map = false |
	.rings = {tcpDataSplit: true, hdsThreshold: 0}'

# pair_lending [JQ-FILTER]: a pair that leases queues itself; port 5000 is on the first
pair_lending() {
	pair_conf "$lending | .steering = [{match: \"tcp\", port: 5000}] | ${1:-.}"
}

# single_lending POD [JQ-FILTER]: a single beside the pair of that Pod, which must be there
single_lending() {
	cp "$scratch/$1.result" "$scratch/eth0.result"
	eth0_conf "$(sliced "$lending | .steering = [{match: \"tcp\", port: 5000, takeover: true}] |
		.ifName = \"nk0\" | ${2:-.}")"
}

# state: what an attachment changes, in the host and in the Pods. The dump has more, which the kernel changes
# by itself where IPv6 is forwarded.
state() {
	local pod

	{
		nic_state | grep -v ^33:33:
		tools/netdev rings --dev ln0
		tools/netdev queues --dev ln0
		ip -br link show type netkit
		for pod in p1 p2; do
			ip -n $pod -br link
		done
		find "$bpffs" -mindepth 1
		bpftool link show
		[[ ! -e /run/nk-cni ]] || find /run/nk-cni
	} | sed -E "s/'napi-id': [0-9]+//"
}

# empty_world: and its state, to be compared later
empty_world() {
	world
	state >"$scratch/at_first"
}

nothing_is_left() {
	state >"$scratch/now"
	diff -u "$scratch/at_first" "$scratch/now" >"$scratch/diff" || die "not as at first: $(<"$scratch/diff")"
}

# server NAME POD KIND [OPTION...]: recv, zcrx or devmem, which says how it receives
server() {
	launch "$1" tools/tcp "$3" --netns "/run/netns/$2" "${@:4}"
}

# stream POD FAMILY [OPTION...]: $mib MiB from beyond, until the server has all
stream() {
	tools/tcp send --netns /run/netns/beyond --addr "$(address "$1" "$2")" --mib "$mib" "${@:3}" \
		>"$scratch/sent" || die "stream to $1: $(<"$scratch/sent")"
}

# got NAME COPIED [STREAMS]: all of it, all of it right, and so many bytes were copied
got() {
	finish "$1"
	same "received, corrupt and copied of $1" "$(result "$1" received corrupt copied)" \
		"$(((mib << 20) * ${3:-1})) 0 $2"
}

# holder QUEUE [OPTION...]: who has that queue of ln0, or of another device: "io-uring", "dmabuf", none
holder() {
	local row

	row=$(tools/netdev queues --dev ln0 --queue "$@")
	if [[ $row =~ io-uring|dmabuf ]]; then
		echo "${BASH_REMATCH[0]}"
	else
		echo none
	fi
}

# is_held QUEUE HOLDER
is_held() {
	[[ $(holder "$1") == "$2" ]]
}

# traffic NAME POD [OPTION...]: does not end
traffic() {
	launch "$1" tools/tcp send --netns /run/netns/beyond --addr "$(address "$2" 4)" \
		--timeout-ms 3600000 "${@:3}"
}

# ended NAME...: kill what may wait for ever
ended() {
	local name

	for name; do
		kill -KILL "${pid[$name]}" 2>/dev/null || true
		wait "${pid[$name]}" 2>/dev/null || true
	done
}
