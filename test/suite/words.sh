# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash disable=SC2034,SC2119,SC2120,SC2154 # shared with runner and cases
# words.sh - the words of the suite's cases, beside those of test/words.sh
#
# World of a case: a freshly loaded lab NIC; Pods p1, p2, ... are network namespaces; network "lab".

# pods NAME...: their network namespaces
pods() {
	local name

	for name; do
		ip netns add "$name"
	done
}

# progress TEXT: of a case that a soak takes hours for; onto the runner's stdout
progress() {
	[[ -z ${soak:-} ]] || echo "# $*" >>"/proc/$$/fd/1"
}

# other_userns PID: is it in another user namespace than this shell?
other_userns() {
	[[ $(readlink "/proc/$1/ns/user") != "$(readlink /proc/self/ns/user)" ]]
}

# userns_pod NAME: a netns that belongs to a user namespace with ids from 100000 on; pid[NAME] is in it
userns_pod() {
	mkdir -p /run/netns
	touch "/run/netns/$1"
	unshare --user --net sleep 1000 &
	pid[$1]=$!
	await "the Pod's user namespace" other_userns $!
	echo "0 100000 65536" >"/proc/$!/uid_map"
	echo "0 200000 65536" >"/proc/$!/gid_map"
	mount --bind "/proc/$!/ns/net" "/run/netns/$1"
}

# --- nk-cni -----------------------------------------------------------------------------------

nic='{"cniVersion":"1.0.0","name":"lab","type":"nk-cni","master":"ln0","queues":{"pool":"4-7"}}'
plain=${nic%\}},'"rss":{"exclude":false},"steering":[]}'
unkept=${plain%\}},'"xdp":{"keep":false}}'
sliced=${nic%\}},'"xdp":{"keep":false},"rss":{"keep":false}}'

# conf [JQ-FILTER]: the network configuration of most cases, changed by a filter. It leaves the NIC's
# slicing to the case: frames are steered by hand.
conf() {
	case "${1:-.}" in
	.) echo "$plain" ;;
	".xdp.keep = false") echo "$unkept" ;;
	*) jq -c "$1" <<<"$plain" ;;
	esac
}

# sliced [JQ-FILTER]: the same, with all that nk-cni does to the NIC by itself
sliced() {
	if [[ ${1:-.} == . ]]; then
		echo "$sliced"
	else
		jq -c "$1" <<<"$sliced"
	fi
}

# cni COMMAND POD CONF [VARIABLE=VALUE...]: one call, for interface nk0 of container c-POD
cni() {
	local command=$1 pod=$2 conf=$3
	shift 3

	(
		# shellcheck disable=SC2163 # "$@" are assignments
		export CNI_COMMAND=$command CNI_CONTAINERID=c-$pod CNI_IFNAME=nk0 \
			CNI_NETNS=/run/netns/$pod CNI_PATH=/opt/cni/bin "$@"
		exec "$nk" <<<"$conf"
	)
}

# add POD [CONF [VARIABLE=VALUE...]]: must succeed; the result is kept as the prevResult of later calls
add() {
	local pod=$1 conf=${2:-$(conf)}

	cni ADD "$pod" "$conf" "${@:3}" >"$scratch/$pod.result" || die "ADD $pod: $(<"$scratch/$pod.result")"
	echo "${conf%\}},\"prevResult\":$(<"$scratch/$pod.result")}" >"$scratch/$pod.conf"
}

# del POD [VARIABLE=VALUE...]: must succeed and say nothing
del() {
	local pod=$1 said
	shift

	said=$(cni DEL "$pod" "$(<"$scratch/$pod.conf")" "$@") || die "DEL $pod: $said"
	same "what DEL $pod said" "$said" ""
}

# check POD [VARIABLE=VALUE...]: must succeed
check() {
	local said

	said=$(cni CHECK "$1" "$(<"$scratch/$1.conf")" "${@:2}") || die "CHECK $1: $said"
}

# interface POD MEMBER: of the Pod's interface in its result, or null
interface() {
	local result

	result=$(<"$scratch/$1.result")
	if [[ $result =~ \"$2\":[[:space:]]*\"?([^\",[:space:]]*) ]]; then
		echo "${BASH_REMATCH[1]}"
	else
		echo null
	fi
}

mac() {
	interface "$1" mac
}

# refused COMMAND CODE PARTS... -- POD CONF [VARIABLE=VALUE...]: fails with exit status 1, one error
# object of that code, and a text that holds each part
refused() {
	local command=$1 code=$2 said status=0 parts=()
	shift 2

	while [[ $1 != -- ]]; do
		parts+=("$1")
		shift
	done
	shift
	said=$(cni "$command" "$@" 2>"$scratch/stderr") || status=$?
	same "exit status of $command ($said)" "$status" 1
	said=$(jq -r '"\(.code) \(.msg); \(.details)"' <<<"$said")
	same "code of $command ($said)" "${said%% *}" "$code"
	has "error of $command" "$said" "${parts[@]}"
}

# --- looking ----------------------------------------------------------------------------------

# dump: all that nk-cni could have changed: NIC, queues, filter, netns, bpffs, records. Not in it:
# NAPI ids, carrier, which settles by itself, and netns ids, which the kernel cannot take back.
dump() {
	local path

	{
		for path in "" /run/netns/*; do
			[[ $path != */\* ]] || continue # there is none
			echo "== netns ${path:-host}"
			ip ${path:+-n "${path##*/}"} -d -batch - <<<$'addr show\nroute show table all'
		done
		echo "== NIC"
		if [[ -d /sys/class/net/ln0 ]]; then
			bridge fdb show dev ln0
			ethtool -x ln0
			ethtool -l ln0
			ethtool -g ln0
			ethtool -k ln0
			ethtool -n ln0 2>&1 || true # some have no rules
			tools/netdev contexts --dev ln0
			tools/netdev rings --dev ln0
			cat /sys/class/net/ln0/queues/tx-*/xps_cpus
			tools/netdev queues --dev ln0
		fi
		echo "== bpffs"
		find "$bpffs" -printf '%p %m %U:%G\n' | sort
		bpftool link show
		echo "== records"
		[[ ! -e /run/nk-cni ]] || find /run/nk-cni -printf '%p %m %U:%G\n' | sort
	} | sed -E "s/'napi-id': [0-9]+//; s/ link-netnsid [0-9]+//; s/NO-CARRIER,|,LOWER_UP//g
		s/ state (UP|DOWN|UNKNOWN|LOWERLAYERDOWN)//"
}

# unchanged COMMAND...: the dump is the same before and after
unchanged() {
	dump >"$scratch/before"
	"$@"
	dump >"$scratch/after"
	diff -u "$scratch/before" "$scratch/after" >"$scratch/diff" ||
		die "changed by: $*"$'\n'"$(cat "$scratch/diff")"
}

# nothing_left: no lease, device, pin, claim, program or filter entry of ours
nothing_left() {
	local path line name rest

	same "leases of ln0" "$(leases)" 0
	same "pins" "$(find "$bpffs" -mindepth 1)" ""
	[[ ! -e /run/nk-cni ]] || die "records are left: $(find /run/nk-cni)"
	bridge fdb show dev ln0 >"$scratch/fdb"
	while read -r line; do
		[[ $line == 33:33:* || $line == 01:00:5e:* ]] || die "left in the filter: $line"
	done <"$scratch/fdb"
	[[ $(ip link show dev ln0) != *xdp* ]] || die "an XDP program is left on ln0"
	for path in /run/netns/*; do
		[[ -e $path ]] || continue
		ip -n "${path##*/}" -br link >"$scratch/links"
		while read -r name rest; do
			same "device in $path" "$name" lo
		done <"$scratch/links"
	done
}

# claims [NIC]: how many the kernel has
claims() {
	bpftool -j map dump pinned "$bpffs/nk-cni/${1:-ln0}/claims" | jq length
}

# counters QUEUE: of the program, summed over the CPUs, as "redirected no_socket dropped resumed"
counters() {
	bpftool -j map lookup pinned "$bpffs/nk-cni/ln0/stats" key "$(($1 % 256))" "$(($1 / 256))" 0 0 |
		jq -r '[.formatted.values[].value] | map(.redirected), map(.no_socket), map(.dropped),
			map(.resumed) | add' | paste -sd' '
}

# counted QUEUE NUMBERS: whether the counters are so, for await
counted() {
	[[ $(counters "$1") == "$2" ]]
}

# --- traffic ----------------------------------------------------------------------------------

# socket NAME POD QUEUE OPTION...: an AF_XDP application in the Pod, zero copy or nothing
socket() {
	local name=$1 pod=$2 queue=$3
	shift 3

	start "$name" tools/xsk --netns "/run/netns/$pod" --dev nk0 --queue "$queue" --zerocopy \
		--map "$(interface "$pod" socketPath)" "$@"
}

# libxdp_app NAME POD QUEUES OPTION...: the same on libxdp; --keys says in which slots its sockets are
libxdp_app() {
	local name=$1 pod=$2 queues=$3
	shift 3

	start "$name" tools/libxdp --netns "/run/netns/$pod" --dev nk0 --queue "$queues" \
		--map "$(interface "$pod" socketPath)" "$@"
}
