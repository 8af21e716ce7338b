# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash disable=SC2034,SC2119,SC2120,SC2154 # shared with the runner and the cases
# pairs.sh - the words of cases about pairs; sourced by them

plugins=/usr/lib/cni # Debian's own
networks=/var/lib/cni/networks/cluster

# pair_conf [JQ-FILTER]: a pair with addresses of both families by host-local
pair_conf() {
	jq -nc '{cniVersion: "1.0.0", name: "cluster", type: "nk-cni", pairing: "pair",
		forwarding: true,
		ipam: {type: "host-local",
			ranges: [[{subnet: "10.1.0.0/24"}], [{subnet: "fd01::/64"}]],
			routes: [{dst: "0.0.0.0/0"}, {dst: "::/0"}]}} | '"${1:-.}"
}

# add_pair POD [CONF]: as eth0
add_pair() {
	add "$1" "${2:-$(pair_conf)}" CNI_IFNAME=eth0 CNI_PATH="$plugins"
}

# check_pair POD [VARIABLE=VALUE...]
check_pair() {
	check "$1" CNI_IFNAME=eth0 CNI_PATH="$plugins" "${@:2}"
}

del_pair() {
	local pod=$1
	shift

	del "$pod" CNI_IFNAME=eth0 CNI_PATH="$plugins" "$@"
}

# refuse_pair CODE PARTS... -- POD CONF [VARIABLE=VALUE...]
refuse_pair() {
	local parts=()

	while [[ $1 != -- ]]; do
		parts+=("$1")
		shift
	done
	shift
	refused ADD "${parts[@]}" -- "$@" CNI_IFNAME=eth0
}

# world: IPv6 on; a peer beyond the wire in netns "beyond"; both know the way to the Pods
world() {
	rm -rf "$networks"
	ipv6 on
	if [[ $LABNIC_KO ]]; then
		nic
	else
		ip link add ln0 type veth peer name ln1
	fi
	pods beyond p1 p2
	ip link set ln1 netns beyond
	ip addr add 10.9.0.1/24 dev ln0
	ip addr add fd09::1/64 dev ln0 nodad
	ip link set ln0 up
	ip -n beyond addr add 10.9.0.2/24 dev ln1
	ip -n beyond addr add fd09::2/64 dev ln1 nodad
	ip -n beyond link set ln1 up
	ip -n beyond route add 10.1.0.0/24 via 10.9.0.1
	ip -n beyond route add fd01::/64 via fd09::1
	await "link-local addresses" have_settled
}

# have_settled: ln0 and ln1 have their link-local addresses, which dumps before and after a call must not differ by
have_settled() {
	local addresses

	addresses=$(
		ip -6 addr show dev ln0 scope link
		ip -n beyond -6 addr show dev ln1 scope link
	)
	[[ $addresses == *fe80*fe80* && $addresses != *tentative* ]]
}

# reaches NETNS ADDRESS [SIZE]: by ping, unfragmented
reaches() {
	local in=()

	[[ $1 == host ]] || in=(nsenter "--net=/run/netns/$1")
	"${in[@]}" ping -q -c 1 -W 5 -M "do" -s "${3:-56}" "$2" >/dev/null || die "$1 does not reach $2"
}

# carries FROM TO ADDRESS: 1 MiB over TCP
carries() {
	local from=$1 to=$2 address=$3 in=() out=()

	[[ $from == host ]] || out=(nsenter "--net=/run/netns/$from")
	[[ $to == host ]] || in=(nsenter "--net=/run/netns/$to")
	[[ $address != *:* ]] || address="[$address]"
	[[ -e $scratch/data ]] || head -c 1048576 /dev/urandom >"$scratch/data"
	"${in[@]}" socat -u "TCP6-LISTEN:7777,ipv6only=0,reuseaddr" "OPEN:$scratch/got,creat,trunc" &
	"${out[@]}" socat -u "OPEN:$scratch/data" "TCP:$address:7777,connect-timeout=2,retry=20,interval=0.1"
	wait $!
	cmp "$scratch/data" "$scratch/got" || die "$from to $to: not what was sent"
}

# address POD FAMILY: without its length
address() {
	local text

	text=$(jq -r --arg sign "$([[ $2 == 4 ]] && echo . || echo :)" \
		'[.ips[].address | select(contains($sign))][0]' "$scratch/$1.result")
	echo "${text%/*}"
}

# nothing_of_pairs: no pair's end on the host, no address reserved, Pods with nothing but lo
nothing_of_pairs() {
	local path line

	same "ends on the host" "$(ip -br link show type netkit)" ""
	for path in "$networks"/*; do
		[[ $path == */last_reserved_ip.* || $path == */lock || ! -e $path ]] ||
			die "still reserved: $path"
	done
	for path in /run/netns/p*; do
		ip -n "${path##*/}" -br link >"$scratch/links"
		while read -r line _; do
			same "device in $path" "$line" lo
		done <"$scratch/links"
	done
	same "pins" "$(find "$bpffs" -mindepth 1)" ""
}

# plugin NAME SCRIPT: an IPAM plugin, in a directory of its own
plugin() {
	mkdir -p "$scratch/cni"
	printf '#!/bin/bash\n%s\n' "$2" >"$scratch/cni/$1"
	chmod +x "$scratch/cni/$1"
}
