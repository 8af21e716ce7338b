# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash disable=SC2034,SC2154 # shared with the runner and the cases
# torture.sh - the words of torture.cases: three NICs, eight Pods, and what may happen to them
#
# A NIC is a number, 0 to 2. Its end that lends is born as ln0, ln2 or ln4, and may be renamed or
# moved; its far end is ln1, ln3 or ln5, and is left alone. A Pod is a number too, and its number
# says what kind of attachment it gets. The arrays below are what the world must be like.

# shellcheck source=test/suite/pairs.sh
source "$suite/pairs.sh"

declare -a name=() alt=() place=() carrier=() # of a NIC: present names, host|away, up|down
declare -a life=() on=() id=()		      # of a Pod: none|lives|lost|dead, its NIC, its container
declare -a needs=("" 1 1 2 1 0 1 1 1)	      # queues of each kind of Pod
declare -a gives=("" "" "" "" yes yes yes)    # whether host-local gives it addresses
round=0					      # of traffic
made=0					      # containers so far

# born: the NICs as the driver makes them
born() {
	local i

	insmod "$LABNIC_KO" pairs=3 queues=32
	for i in 0 1 2; do
		name[i]=ln$((2 * i)) alt[i]="" place[i]=host carrier[i]=up
		ip link set "ln$((2 * i + 1))" up
		ip link set "${name[i]}" up
	done
	for i in 0 1 2; do
		await "the link of ${name[i]}" link_is_up "${name[i]}"
	done
}

# near_of NIC: its MAC
near_of() {
	echo "02:6c:6e:00:00:0$((2 * $1))"
}

# is_ready NIC: can it lend now?
nic_is_ready() {
	[[ ${place[$1]} == host && ${carrier[$1]} == up ]]
}

# torture_conf POD NIC-NAME
torture_conf() {
	local pod=$1 master=$2 base how=.

	base='{"cniVersion":"1.1.0","name":"tortured","type":"nk-cni"}'
	case $pod in
	2) how='.steering = [{match: "ip"}]' ;;
	3) how='.queues.count = 2' ;; # with a context
	4) how='.ipam = {type: "host-local", subnet: "10.7.4.0/24"}' ;;
	5 | 6) how='.pairing = "pair" | .ipam = {type: "host-local", subnet: "10.1.0.0/24"}' ;;
	7) how='.xsk.map = false' ;;
	8) how='.steering = [{match: "udp", port: 9000}]' ;;
	esac
	[[ $pod != 6 ]] || how+=' | .steering = [{match: "ip"}]'
	[[ $pod == 5 ]] || how=".master = \"$master\" | .queues.pool = \"8-31\" | .rss.keep = false |
		.xdp.keep = false | $how"
	jq -c "$how" <<<"$base"
}

# call COMMAND POD CONF [VARIABLE=VALUE...]: of the container that the Pod is now
call() {
	local device=nk0 args=""

	[[ $2 != [56] ]] || device=eth0
	[[ $2 != [28] ]] || args=IP=10.7.0.$2/24
	# shellcheck disable=SC2086 # a word, or none
	cni "$1" "p$2" "$3" "CNI_CONTAINERID=${id[$2]}" "CNI_IFNAME=$device" "CNI_PATH=$plugins" \
		${args:+"CNI_ARGS=$args"} "${@:4}"
}

# --- what must hold ---------------------------------------------------------------------------

# is_served POD: does it live, on a NIC that can be looked at?
is_served() {
	[[ ${life[$1]} == lives ]] && { [[ $1 == 5 ]] || nic_is_ready "${on[$1]}"; }
}

# to_pod POD: into $to what makes a frame one of its own
to_pod() {
	local near

	near=$(near_of "${on[$1]}")
	case $1 in
	1 | 3 | 4) to=(--dst "$(mac "p$1")") ;;
	2 | 8) to=(--dst "$near" --dst-ip "10.7.0.$1") ;;
	esac
}

# frames_arrive: each Pod with sockets gets the frames that are for it, and no other
frames_arrive() {
	local pod to receivers=()

	round=$((round + 1))
	for pod in 1 2 3 4 8; do
		is_served "$pod" || continue
		socket "in$pod" "p$pod" "$([[ $pod == 3 ]] && echo 1,2 || echo 1)" \
			--tag "$pod" --recv 20 --first-seq $((round * 100))
		receivers+=("$pod")
	done
	for pod in ${receivers[@]+"${receivers[@]}"}; do
		to_pod "$pod"
		tools/wire send --dev "ln$((2 * on[pod] + 1))" --tag "$pod" --count 20 --flows 4 \
			--first-seq $((round * 100)) "${to[@]}" >/dev/null
	done
	for pod in ${receivers[@]+"${receivers[@]}"}; do
		finish "in$pod"
		same "frames that p$pod got of others" "$(result "in$pod" foreign corrupt)" "0 0"
		frames=$((frames + 20))
	done
}

# traits POD: of its device, all that must not change while it lives
traits() {
	local device=nk0

	[[ $1 != [56] ]] || device=eth0
	ip -n "p$1" -d addr show "$device" |
		sed -E '/valid_lft|inet6 fe80/d; s/NO-CARRIER,|,LOWER_UP//g; s/ state [A-Z]+//; s/ link-netnsid [0-9]+//; s/@if[0-9]+//'
	ip -n "p$1" route show table all | sed '/fe80/d' | sort
}

# devices_stay: each living Pod has its device, addresses and routes as ADD left them
devices_stay() {
	local pod

	for pod in {1..8}; do
		[[ ${life[pod]} == lives ]] || continue
		traits "$pod" >"$scratch/traits"
		diff -u "$scratch/p$pod.traits" "$scratch/traits" >"$scratch/diff" ||
			die "p$pod is not as ADD left it: $(<"$scratch/diff")"
	done
	for pod in 5 6; do
		[[ ${life[pod]} != lives ]] || reaches host "$(address "p$pod" 4)"
	done
}

# rules_of NIC: how many flow rules it has
rules_of() {
	ethtool -n "${name[$1]}" | sed -n 's/^Total \([0-9]*\) rules$/\1/p'
}

# nothing_of_the_dead: once all NICs are there and up, after a sweep: what there is, is of the living
nothing_of_the_dead() {
	local pod i ids=() queues=(0 0 0) rules=(0 0 0) pairs=0 addresses=0

	for pod in {1..8}; do
		[[ ${life[pod]} == lives ]] || continue
		ids+=("${id[pod]}")
		[[ $pod != [56] ]] || pairs=$((pairs + 1))
		[[ ! ${gives[pod]:-} ]] || addresses=$((addresses + 1))
		((needs[pod])) || continue
		i=${on[pod]}
		queues[i]=$((queues[i] + needs[pod]))
		rules[i]=$((rules[i] + 1))
	done
	for i in 0 1 2; do
		same "leases of ${name[i]}" "$(leases "${name[i]}")" "${queues[i]}"
		same "rules of ${name[i]}" "$(rules_of "$i")" "${rules[i]}"
	done
	same "pairs' ends on the host" "$(ip -br link show type netkit | wc -l)" "$pairs"
	same "addresses that are reserved" \
		"$(find /var/lib/cni/networks/tortured -name '10.*' 2>/dev/null | wc -l)" "$addresses"
	find /run/nk-cni/journal.d -mindepth 2 -type f -printf '%h\n' 2>/dev/null >"$scratch/noted" || true
	"$nk" list --json >"$scratch/list" || die "list: status $?"
	jq -r '.[].containerID' "$scratch/list" >>"$scratch/noted"
	while read -r pod; do
		[[ " ${ids[*]} " == *" ${pod##*/} "* ]] || die "left of the dead ${pod##*/}"
	done <"$scratch/noted"
}

# all_is_well: after each step
all_is_well() {
	local i

	devices_stay
	frames_arrive
	for i in 0 1 2; do
		nic_is_ready "$i" || return 0
	done
	"$nk" gc 2>>"$scratch/warnings" || die "gc: status $?"
	for i in {1..8}; do
		[[ ${life[i]} != dead ]] || life[i]=none
	done
	nothing_of_the_dead
}

# --- what may happen --------------------------------------------------------------------------

# some WORD...: into $one one of them; in a subshell RANDOM would not be the seed's
some() {
	shift $((RANDOM % $#))
	one=$1
}

# some_nic CONDITION...: into $nic one for which the command is true; false where there is none
some_nic() {
	local i found=()

	for i in 0 1 2; do
		! "$@" "$i" || found+=("$i")
	done
	((${#found[@]})) || return 1
	some "${found[@]}"
	nic=$one
}

# some_pod LIFE...: into $pod one that has one of these
some_pod() {
	local i found=()

	for i in {1..8}; do
		[[ " $* " != *" ${life[i]} "* ]] || found+=("$i")
	done
	((${#found[@]})) || return 1
	some "${found[@]}"
	pod=$one
}

is_here() {
	[[ ${place[$1]} == host ]]
}

is_away() {
	[[ ${place[$1]} == away ]]
}

# any_name NIC: into $one one of those by which a user may know it
any_name() {
	some "${name[$1]}" "${alt[$1]:-${name[$1]}}"
}

# begin_pod: a Pod that is none gets its netns, a new container id, and, by chance, an old one's name
begin_pod() {
	some_pod none || return 1
	some 0 1 2
	nic=$one
	on[pod]=$nic
	made=$((made + 1))
	id[pod]=c$((RANDOM % 4 ? made : pod))-$pod
	[[ -e /run/netns/p$pod ]] || pods "p$pod"
	any_name "$nic"
	conf=$(torture_conf "$pod" "$one")
}

# now_lives: an ADD has said so
now_lives() {
	life[pod]=lives
	echo "${conf%\}},\"prevResult\":$(<"$scratch/p$pod.result")}" >"$scratch/p$pod.conf"
	traits "$pod" >"$scratch/p$pod.traits"
}

step_add() {
	local pod nic conf status=0

	begin_pod || { idle=yes; return 0; }
	call ADD "$pod" "$conf" >"$scratch/p$pod.result" 2>>"$scratch/warnings" || status=$?
	echo "  p$pod (${id[pod]}) on NIC $nic, ${name[nic]}: status $status" >>"$scratch/log"
	if ((status == 0)); then
		now_lives
	elif [[ $pod == 5 ]] || nic_is_ready "$nic"; then
		die "ADD p$pod: $(<"$scratch/p$pod.result")"
	fi
}

# The plugin reserves an address and then says that it failed.
step_ipam_failure() {
	local pod nic conf status=0

	begin_pod || { idle=yes; return 0; }
	[[ ${gives[pod]:-} ]] || { idle=yes; return 0; }
	# shellcheck disable=SC2016 # the plugin expands it
	plugin host-local 'if [[ $CNI_COMMAND == ADD ]]; then
		/usr/lib/cni/host-local >/dev/null
		echo "{\"cniVersion\":\"1.0.0\",\"code\":999,\"msg\":\"no\"}"
		exit 1
	fi
	exec /usr/lib/cni/host-local'
	call ADD "$pod" "$conf" "CNI_PATH=$scratch/cni" >"$scratch/said" 2>>"$scratch/warnings" || status=$?
	same "status of ADD p$pod whose plugin fails" "$status" 1
}

# kill_soon COMMAND POD CONF FILE: SIGKILL at a random moment; its status
kill_soon() {
	local real=$nk nk=$scratch/killed

	printf '#!/bin/sh\nexec timeout -s KILL 0.%03d %s\n' $((RANDOM % 300 + 1)) "$real" >"$nk"
	chmod +x "$nk"
	call "$1" "$2" "$3" >"$4" 2>/dev/null
}

# What was killed nobody deletes; its netns stays.
step_killed_add() {
	local pod nic conf

	begin_pod || { idle=yes; return 0; }
	if kill_soon ADD "$pod" "$conf" "$scratch/p$pod.result"; then
		now_lives
	else
		life[pod]=dead
	fi
}

# delete_pod: as runtimes do, until it succeeds; by chance without its netns
delete_pod() {
	local netns=()

	((RANDOM % 3)) || netns=(CNI_NETNS=)
	call DEL "$pod" "$(<"$scratch/p$pod.conf")" "${netns[@]}" >"$scratch/said" 2>>"$scratch/warnings" ||
		return 1
}

# end_pod: its runtime deletes it; while its NIC is away what is on the NIC has to wait
end_pod() {
	if delete_pod; then
		life[pod]=none
	elif [[ $pod != 5 ]] && is_away "${on[pod]}"; then
		life[pod]=dead
	else
		die "DEL p$pod: $(<"$scratch/said")"
	fi
	! is_away "${on[pod]}" || life[pod]=dead
	ip netns del "p$pod" 2>/dev/null || true
}

step_del() {
	local pod

	some_pod lives lost || { idle=yes; return 0; }
	echo "  p$pod (${id[pod]}) on NIC ${on[pod]}, ${name[on[pod]]}" >>"$scratch/log"
	end_pod
}

step_killed_del() {
	local pod

	some_pod lives || { idle=yes; return 0; }
	kill_soon DEL "$pod" "$(<"$scratch/p$pod.conf")" "$scratch/said" || true
	end_pod
}

# Nobody calls DEL: it goes with a sweep.
step_netns_deletion() {
	local pod

	some_pod lives lost || { idle=yes; return 0; }
	echo "  p$pod (${id[pod]})" >>"$scratch/log"
	ip netns del "p$pod"
	life[pod]=dead
}

step_check() {
	local pod

	some_pod lives || { idle=yes; return 0; }
	is_served "$pod" || { idle=yes; return 0; }
	call CHECK "$pod" "$(<"$scratch/p$pod.conf")" >"$scratch/said" || die "CHECK p$pod: $(<"$scratch/said")"
}

# With a list of nobody, of all, null, or none.
step_gc() {
	local list

	some none null '[]' all
	list=$one
	[[ $list != all ]] || list=$(for pod in {1..8}; do
		[[ ${life[pod]} != lives ]] || echo "${id[pod]}"
	done | jq -Rnc '[inputs | {containerID: ., ifname: (if endswith("-5") or endswith("-6") then "eth0" else "nk0" end)}]')
	[[ $list != none ]] || list=""
	cni GC p1 "$(torture_conf 4 ln0 | jq -c "${list:+.\"cni.dev/valid-attachments\" = $list | }.")" \
		CNI_CONTAINERID= CNI_IFNAME= CNI_NETNS= "CNI_PATH=$plugins" >"$scratch/said" \
		2>>"$scratch/warnings" || die "GC with list '$list': $(<"$scratch/said")"
}

# is_free NAME: no NIC has it
is_free() {
	[[ " ${name[*]} ${alt[*]} " != *" $1 "* ]]
}

# some_name: into $one a name that no NIC has, of those that have been, and of a few more
some_name() {
	until some ln0 ln2 ln4 uplink0 uplink1 a.b && is_free "$one"; do
		:
	done
}

# rename NIC NAME
rename() {
	echo "  ${name[$1]} becomes $2" >>"$scratch/log"
	ip link set "${name[$1]}" name "$2"
	name[$1]=$2
}

step_rename() {
	local nic

	some_nic is_here || { idle=yes; return 0; }
	some_name
	rename "$nic" "$one"
}

step_swap() {
	local a b old

	if is_away 0 || is_away 1; then
		idle=yes
		return
	fi
	a=${name[0]} b=${name[1]}
	rename 0 aside
	rename 1 "$a"
	rename 0 "$b"
}

step_altname() {
	local nic

	some_nic is_here || { idle=yes; return 0; }
	if [[ ${alt[nic]} ]]; then
		ip link property del dev "${name[nic]}" altname "${alt[nic]}"
		alt[nic]=""
	else
		some_name
		alt[nic]=$one
		ip link property add dev "${name[nic]}" altname "${alt[nic]}"
	fi
	echo "  altname of ${name[nic]} is '${alt[nic]}'" >>"$scratch/log"
}

step_move_away() {
	local nic old

	some_nic is_here || { idle=yes; return 0; }
	old=${name[nic]}
	echo "  $old" >>"$scratch/log"
	[[ ! ${alt[nic]} ]] || ip link property del dev "$old" altname "${alt[nic]}"
	ip link set "$old" netns aside
	name[nic]=away$nic alt[nic]="" # its name is free for others
	ip -n aside link set "$old" name "${name[nic]}"
	place[nic]=away carrier[nic]=down
}

step_move_back() {
	local nic

	some_nic is_away || { idle=yes; return 0; }
	echo "  ${name[nic]}" >>"$scratch/log"
	ip -n aside link set "${name[nic]}" netns 1
	place[nic]=host
	some_name
	rename "$nic" "$one"
	set_up "$nic"
	# The kernel empties a NIC's unicast filter when it leaves its netns.
	"$nk" repair "${name[nic]}" >"$scratch/said" 2>&1 || die "repair ${name[nic]}: $(<"$scratch/said")"
}

set_up() {
	ip link set "${name[$1]}" up
	await "the link of ${name[$1]}" link_is_up "${name[$1]}"
	carrier[$1]=up
}

step_down() {
	local nic

	some_nic nic_is_ready || { idle=yes; return 0; }
	echo "  ${name[nic]}" >>"$scratch/log"
	ip link set "${name[nic]}" down
	carrier[nic]=down
}

is_down() {
	is_here "$1" && ! nic_is_ready "$1"
}

step_up() {
	local nic

	some_nic is_down || { idle=yes; return 0; }
	echo "  ${name[nic]}" >>"$scratch/log"
	set_up "$nic"
}

# All NICs come anew; who had queues has lost them, and its device.
step_reload() {
	local i

	rmmod labnic
	for i in {1..8}; do
		[[ ${life[i]} != lives ]] || ((needs[i] == 0)) || life[i]=lost
	done
	born
}

# --- the run ----------------------------------------------------------------------------------

# What happens how often; a NIC is not away or down for long.
steps=(add add add add add add del del del check gc netns_deletion netns_deletion rename rename swap
	altname move_away move_back move_back move_back down up up up reload ipam_failure
	killed_add killed_add killed_del)

# nic_traits: of all NICs, what slicing may change
nic_traits() {
	local i

	for i in 0 1 2; do
		ethtool -x "${name[i]}" | sed "s/${name[i]}/it/"
		ethtool -k "${name[i]}" | tail -n +2
		ethtool -n "${name[i]}"
		tools/netdev contexts --dev "${name[i]}" | sed "s/${name[i]}/it/g"
		cat "/sys/class/net/${name[i]}/queues/tx-"*/xps_cpus
		bridge fdb show dev "${name[i]}"
		ip -d link show dev "${name[i]}" | grep -o 'prog/xdp.*' || true
	done
}

# last_steps: of a run that failed
last_steps() {
	local status=$?

	((status == 0)) || tail -n 40 "$scratch/log"
	end_case
	return "$status"
}

# torture SEED STEPS
torture() {
	local i step one idle frames=0

	RANDOM=$1
	trap last_steps EXIT
	rm -rf "$networks" /var/lib/cni/networks/tortured
	for i in {0..8}; do
		life[i]=none
	done
	born
	pods aside
	nic_traits >"$scratch/at_first"
	for ((i = 1; i <= $2; i++)); do
		some "${steps[@]}"
		step=$one idle=""
		echo "step $i of seed $1: $step" >>"$scratch/log"
		"step_$step"
		[[ ! $idle ]] || { i=$((i - 1)); continue; }
		all_is_well
	done
	all_ends
	echo "note: seed $1: $2 steps, $made containers, $frames frames, 0 violations"
}

# all_ends: every NIC comes back, every Pod goes, and all is as at first
all_ends() {
	local i pod

	for i in 0 1 2; do
		while is_away "$i"; do
			step_move_back
		done
		[[ ${carrier[i]} == up ]] || set_up "$i"
	done
	for pod in {1..8}; do
		[[ ${life[pod]} != lives && ${life[pod]} != lost ]] || end_pod
	done
	all_is_well
	for i in 0 1 2; do
		[[ ! ${alt[i]} ]] || ip link property del dev "${name[i]}" altname "${alt[i]}"
	done
	nic_traits >"$scratch/at_last"
	diff -u "$scratch/at_first" "$scratch/at_last" >"$scratch/diff" ||
		die "the NICs are not as at first: $(<"$scratch/diff")"
	same "pins" "$(find "$bpffs" -mindepth 1)" ""
	[[ ! -e /run/nk-cni ]] || die "records are left: $(find /run/nk-cni)"
}
