# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash disable=SC2016,SC2034,SC2119,SC2120,SC2154,SC2317 # jq's variables; conform and the tests share theirs
# words.sh - the words that the tests are written in; sourced by conform
#
# A test is a function test_<AREA>_<NN>, run in a shell of its own for one version of CNI. It says what
# it needs, prepares a container, calls the plugin, and dies with a sentence where the answer is
# wrong. For it there are
#   version    the version of CNI, which is the configuration's
#   env        the variables that the plugin gets; container and absent fill it
#   network    the network's name
#   base       the members of the configuration beside name and cniVersion, an object
#   extra      members that are added to it, by name
#   stdin      unset, or what is given to the plugin instead of that configuration
#   input      unset, or a file to read that from instead
#   piped      unset, or set: stdout of the plugin is a pipe; then (its status, that of the reader)
#   result     the result of the last add
# and after a call: status, and the files $call.stdout and $call.stderr.

declare -A env=() extra=() open_attachments=()
containers=()
calls=0

# die SENTENCE: the requirement is not met
die() {
	printf '%s\n' "$*" >"$test_dir/complaint"
	printf '%s\n' "${call:-}" >"$test_dir/blamed"
	exit 1
}

# not_applicable WHY
not_applicable() {
	printf '%s\n' "$*" >"$test_dir/reason"
	exit 77
}

# same WHAT GOT WANT
same() {
	[[ $2 == "$3" ]] || die "$1: got '$2', want '$3'"
}

# needs PROPERTY...: of the profile; without it the requirement does not apply
needs() {
	local property

	for property; do
		case $property in
		root) has_root || not_applicable "needs root" ;;
		interface) [[ $p_creates == true ]] || not_applicable "makes no interface" ;;
		addresses) [[ $p_addresses == true ]] || not_applicable "sets no addresses" ;;
		delegate) [[ $p_delegates == true ]] || not_applicable "delegates nothing" ;;
		no-delegate) [[ $p_delegates == false ]] || not_applicable "delegates" ;;
		ipam) [[ $p_ipam == true ]] || not_applicable "is no IPAM plugin" ;;
		no-ipam) [[ $p_ipam == false ]] || not_applicable "is an IPAM plugin" ;;
		chained) [[ $p_chained != never ]] || not_applicable "is not chained" ;;
		first) [[ $p_chained != always ]] || not_applicable "is always chained" ;;
		unchanged) [[ $p_unchanged == true ]] || not_applicable "changes what a result shows" ;;
		master) [[ $p_master ]] || not_applicable "has no master device" ;;
		*) needs_declared "$property" ;;
		esac
	done
}

# needs_declared PROPERTY: a configuration that the profile may have, or a feature it may lack
needs_declared() {
	local name=p_conf_$1

	case $1 in
	exhausted | notReady | unsupported | invalid)
		[[ ${!name} ]] || not_applicable "the profile has no \"$1\""
		;;
	*)
		[[ ! ${lacks[$1]+set} ]] || not_applicable "${lacks[$1]:-lacks $1}"
		;;
	esac
}

has_root() {
	[[ $p_needs_root == false || $root == true ]]
}

# --- containers ---------------------------------------------------------------------------------

# container: the next one: a network namespace, with what an earlier plugin makes where the profile
# says that there is one
container() {
	needs root
	[[ $root == true || $p_ipam == true ]] || not_applicable "needs root"
	parameters "$test_id-${#containers[@]}"
	containers+=("${env[CNI_CONTAINERID]}")
	[[ $root == true ]] || return 0
	ns=${env[CNI_CONTAINERID]}
	ip netns add "$ns"
	if [[ $p_chained == always ]]; then
		earlier
	fi
}

# anywhere: a container, or without root what looks like one: for a call that has to be refused, and for
# no other reason than the one in question, in whatever order the plugin looks at things
anywhere() {
	if [[ $root == true ]]; then container; else absent; fi
}

# absent: parameters as they should be, but for a network namespace that does not exist: for a call
# that is refused before that matters
absent() {
	parameters "$test_id-absent"
}

# parameters NAME: of an attachment; all from the start
parameters() {
	env=([CNI_CONTAINERID]=spec$run_id-$1 [CNI_NETNS]=/run/netns/spec$run_id-$1
		[CNI_IFNAME]=$p_ifname [CNI_PATH]=$p_path)
	extra=()
	device=$p_ifname
	unset stdin
}

# earlier: an interface in the container as an earlier plugin makes it; its result is prevResult
earlier() {
	local number=${#containers[@]} family="" mac=02:00:5e:10:00:01 peer

	peer=spec$number
	ip link add "$p_ifname" address $mac netns "$ns" type veth peer name "$peer" address 02:00:5e:10:00:02
	ip -n "$ns" addr add 192.0.2.$((number + 1))/24 dev "$p_ifname"
	ip -n "$ns" link set "$p_ifname" up
	ip link set "$peer" up
	[[ $version != 0.* ]] || family='"version":"4",'
	extra[prevResult]='{"cniVersion":"'$version'","interfaces":[{"name":"'$peer'","mac":"02:00:5e:10:00:02"},'
	extra[prevResult]+='{"name":"'$p_ifname'","mac":"'$mac'","sandbox":"'${env[CNI_NETNS]}'"}],'
	extra[prevResult]+='"ips":[{'$family'"address":"192.0.2.'$((number + 1))'/24","gateway":"192.0.2.1","interface":1}],'
	extra[prevResult]+='"routes":[{"dst":"192.0.2.128/25","gw":"192.0.2.1"}],"dns":{"nameservers":["192.0.2.53"]}}'
	ip -n "$ns" route add 192.0.2.128/25 via 192.0.2.1
	earlier_result=${extra[prevResult]}
}

# runtime_config OBJECT: as the runtime inserts it, beside what the profile has there
runtime_config() {
	if [[ $base == *'"runtimeConfig":'* ]]; then
		base=$(jq -c --argjson more "$1" '.runtimeConfig += $more' <<<"$base")
	else
		extra[runtimeConfig]=$1
	fi
}

# attachments [LIST]: what GC gets as still valid, by the text's name for it and by libcni's, which sends
# both; without LIST there is neither
attachments() {
	unset "extra[cni.dev/attachments]" "extra[cni.dev/valid-attachments]"
	(($# == 0)) || extra[cni.dev/attachments]=$1 extra[cni.dev/valid-attachments]=$1
}

# later: from now on the plugin comes after another one
later() {
	needs chained
	[[ ! $p_chained_conf ]] || base=$p_chained_conf
	[[ ! $p_device ]] || device=$p_device
	[[ $p_chained == always ]] || earlier
}

# gone: the container's network namespace no longer exists
gone() {
	[[ $root == true ]] || return 0
	dismantle "$ns"
}

# again ID: that container is the current one
again() {
	ns=$1
	env[CNI_CONTAINERID]=$1
	env[CNI_NETNS]=/run/netns/$1
}

# dismantle CONTAINER: its interfaces go first, for the kernel takes its time to remove those of a
# network namespace, and the next container may be given the same address
dismantle() {
	local name

	for name in "$device" "$p_ifname"; do
		ip -n "$1" link del "$name" 2>/dev/null || true
	done
	ip netns del "$1"
}

# tidy: after the test: what it left attached is detached, so that the next one begins afresh. On a
# host of our own what is left of devices goes with the network namespace, and no other test has a
# network of that name.
tidy() {
	local key id ifname call_before=${call:-}

	[[ $p_host == this ]] || open_attachments=()
	for key in "${!open_attachments[@]}"; do
		IFS='|' read -r network id ifname <<<"$key"
		env=([CNI_CONTAINERID]=$id [CNI_IFNAME]=$ifname [CNI_NETNS]=/run/netns/$id
			[CNI_PATH]=${open_attachments[$key]})
		unset stdin
		(invoke DEL) || true
	done
	[[ $root == true ]] || return 0
	for key in "${containers[@]}"; do
		[[ ! -e /run/netns/$key ]] || dismantle "$key"
	done
	[[ $p_host == this ]] || tidy_host
	call=$call_before
}

# tidy_host: devices that were not there at first: what DEL rightly leaves, or wrongly, is no concern of
# the next test
tidy_host() {
	local path name

	for path in /sys/class/net/*; do
		name=${path##*/}
		[[ $first_devices == *" $name "* || ! -e $path ]] || ip link del "$name"
	done
}

# --- calls --------------------------------------------------------------------------------------

# configuration: what the runtime makes of base, extra, network and version
configuration() {
	local text="" name

	if [[ ${stdin+set} ]]; then
		printf '%s' "$stdin"
		return
	fi
	[[ ! $version ]] || text+='"cniVersion":"'$version'",'
	[[ ! $network ]] || text+='"name":"'$network'",'
	text+=${base:1:-1}
	for name in "${!extra[@]}"; do
		text+=',"'$name'":'${extra[$name]}
	done
	printf '{%s}' "$text"
}

# invoke COMMAND [NAME=VALUE | -NAME]...: runs the plugin; status
invoke() {
	local command=$1 change name given=() began=$SECONDS
	local -A all=()
	shift

	for name in "${!env[@]}"; do all[$name]=${env[$name]}; done
	[[ $command == - ]] || all[CNI_COMMAND]=$command
	for change; do
		case $change in
		-*) unset "all[${change#-}]" ;;
		*) all[${change%%=*}]=${change#*=} ;;
		esac
	done
	for name in "${!all[@]}"; do given+=("$name=${all[$name]}"); done
	calls=$((calls + 1))
	call=$test_dir/call-$calls-$BASHPID
	: >"$call.env"
	((${#given[@]} == 0)) || printf '%q ' "${given[@]}" >"$call.env"
	configuration >"$call.stdin"
	if [[ ${piped:-} ]]; then
		run_plugin | timeout "$limit" cat >"$call.stdout"
		piped=("${PIPESTATUS[@]}")
		status=${piped[0]}
	else
		run_plugin >"$call.stdout"
		status=$?
	fi
	echo "$status" >"$call.status"
	note_attachment "$command" "${all[CNI_CONTAINERID]:-}" "${all[CNI_IFNAME]:-}"
	((SECONDS - began < limit || (status != 124 && status != 137))) || die "$command did not end within $limit s"
}

# run_plugin: with invoke's variables, and PATH and the profile's beside them
run_plugin() {
	(
		ulimit -f 65536 # KiB: what it prints without an end
		exec timeout -k 5 "$limit" env -i "PATH=$PATH" "${p_environment[@]}" "${given[@]}" "$plugin"
	) <"${input:-$call.stdin}" 2>"$call.stderr"
}

# note_attachment COMMAND CONTAINERID IFNAME: what tidy has to detach
note_attachment() {
	case $1 in
	ADD) ((status)) || open_attachments["$network|$2|$3"]=${env[CNI_PATH]:-$p_path} ;;
	DEL) ((status)) || unset "open_attachments[$network|$2|$3]" ;;
	esac
}

# succeed COMMAND ...: as invoke; it has to succeed
succeed() {
	invoke "$@"
	((status == 0)) || die "${what:+$what: }$1 failed"
}

# refuse COMMAND ...: as invoke; it has to fail
refuse() {
	invoke "$@"
	((status != 0)) || die "${what:+$what: }$1 succeeded, it has to be an error"
}

# add ...: an ADD that has to succeed; result
add() {
	succeed ADD "$@"
	result=$(<"$call.stdout")
	[[ $result =~ ^[[:space:]]*\{.*\}[[:space:]]*$ ]] || die "${what:+$what: }ADD printed no result"
}

# attached: what CHECK and DEL get after add
attached() {
	extra[prevResult]=$result
}

# out FILTER [ARGUMENTS]: what jq makes of stdout of the last call
out() {
	jq -r "${@:2}" "$1" "$call.stdout" 2>"$test_dir/jq.err" ||
		die "stdout of the call is not as it should be: $(<"$test_dir/jq.err")"
}

# holds SENTENCE FILTER [ARGUMENTS]: stdout of the last call makes the filter true
holds() {
	local why

	if ! jq -e "${@:3}" "$2" "$call.stdout" >"$test_dir/jq.out" 2>"$test_dir/jq.err" ||
		[[ ! -s $test_dir/jq.out ]]; then # of no input at all jq 1.6 says that it is true
		why=$(head -c 300 "$test_dir/jq.err")
		[[ $why != *"parse error"* ]] || why="stdout is not JSON"
		die "${what:+$what: }$1: not so${why:+: $why}"
	fi
}

# code NUMBER: of the error
code() {
	holds "the error has code $1" ".code == $1"
}

# silent: nothing on stdout
silent() {
	[[ ! -s $call.stdout ]] || die "there is something on stdout"
}

# --- looking -------------------------------------------------------------------------------------

# host_devices: names, one a line
host_devices() {
	local line

	ip -o link show | while IFS=' :@' read -r _ line _; do echo "$line"; done
}

# has_device NAME: in the container
has_device() {
	ip -n "$ns" link show dev "$1" &>/dev/null
}

# device_is_there: in the container, where the plugin makes one
device_is_there() {
	[[ $p_creates == false ]] || has_device "$device" || die "${what:+$what: }there is no $device in the container"
}

# device_is_gone: from the container, if the plugin made it
device_is_gone() {
	[[ $p_creates == false ]] || ! has_device "$device" || die "$device is still in the container"
}

# has_address ADDRESS: with prefix length, in the container
has_address() {
	[[ $(ip -n "$ns" -o addr show) == *" $1 "* ]]
}

# addresses: those of the result that are the container's, with prefix length
addresses() {
	jq -r '. as $r | (.ips // [])[] |
		select(.interface == null or ($r.interfaces[.interface].sandbox // "") != "") | .address' <<<"$result"
}

# first_address: of these
first_address() {
	local all

	all=$(addresses)
	[[ $all ]] || die "the result has no address of the container"
	echo "${all%%$'\n'*}"
}

# snapshot: the container's and the host's devices, addresses and routes, without what the kernel
# changes in them by itself
snapshot() {
	{
		ip -n "$ns" addr
		ip -n "$ns" route show table all
		ip addr
		ip route show table all
	} | grep -vE 'valid_lft|fe80:|ff00:' | sed -E 's/<[A-Z_,-]*>//; s/ state [A-Z]+//; s/ (tentative|linkdown|dadfailed)//g'
}

# unchanged BEFORE: the snapshot is what it was
unchanged() {
	local now

	now=$(snapshot)
	[[ $now == "$1" ]] || die "changed: $(diff <(echo "$1") <(echo "$now"))"
}

# sample: what one ADD makes for this version: $sample/result, and before and after of the devices;
# made once a version, for all the tests that only look. call is that ADD.
sample() {
	needs root
	sample=$work/sample-$version
	if [[ ! -e $sample ]]; then
		mkdir "$sample"
		make_sample
	fi
	call=$(<"$sample/call")
	[[ -e $sample/done ]] || die "ADD failed"
	env[CNI_NETNS]=$(<"$sample/netns")
	device=$(<"$sample/device")
	result=$(<"$call.stdout")
}

make_sample() {
	local path

	network=$p_network
	container
	look before
	invoke ADD
	echo "$call" >"$sample/call"
	echo "${env[CNI_NETNS]}" >"$sample/netns"
	echo "$device" >"$sample/device"
	((status == 0)) || return 0
	look after
	for path in $(jq -r '.interfaces[]?.socketPath // empty' "$call.stdout" 2>/dev/null); do
		[[ -e $path ]] || echo "$path" >>"$sample/absent"
	done
	touch "$sample/done"
	result=$(<"$call.stdout")
	attached
	invoke DEL
}

# look WHEN: the state, as JSON for jq
look() {
	if [[ $root == true ]]; then
		ip -j addr >"$sample/host.$1"
		ip -n "$ns" -j addr >"$sample/container.$1"
		{
			ip -n "$ns" -j route show table all
			ip -n "$ns" -j -6 route show table all
		} >"$sample/routes.$1"
	else
		echo '[]' | tee "$sample/host.$1" "$sample/container.$1" "$sample/routes.$1" >/dev/null
	fi
}

# seen SENTENCE FILTER: on the result of the sample; in the filter there are the states before and after
# as $h0, $h1 (host), $c0, $c1 (container) and $routes, and $netns and $device
seen() {
	holds "$1" "(\$h0[0]) as \$h0 | (\$h1[0]) as \$h1 | (\$c0[0]) as \$c0 | (\$c1[0]) as \$c1 |
		(\$routes | add) as \$routes | $2" \
		--slurpfile h0 "$sample/host.before" --slurpfile h1 "$sample/host.after" \
		--slurpfile c0 "$sample/container.before" --slurpfile c1 "$sample/container.after" \
		--slurpfile routes "$sample/routes.after" --arg netns "${env[CNI_NETNS]}" --arg device "$device"
}

# --- several attachments -------------------------------------------------------------------------

# no attachment is given with STATUS and GC
anyone=(-CNI_CONTAINERID -CNI_NETNS -CNI_IFNAME)

# full: a network that has room for one attachment, and one that has lost its network namespace
full() {
	no_room
	again "$taken"
	gone
}

# no_room: the one attachment that there is room for is container $taken's; an ADD for the next one fails
no_room() {
	needs exhausted
	base=$p_conf_exhausted
	container
	add
	taken=${env[CNI_CONTAINERID]}
	container
	what="where there is no room" refuse ADD
}

# one_address CHANGE...: DEL with this change of its environment makes room for another one
one_address() {
	full
	succeed DEL "$@"
	container
	what="the next container" add
}

# add_many COUNT: in containers of their own, at the same time
add_many() {
	local number pids=()

	for ((number = 0; number < $1; number++)); do
		container
		(
			trap - EXIT
			add
			printf '%s\n' "$result" >"$test_dir/result-$number"
			addresses >"$test_dir/addresses-$number"
		) &
		pids+=($!)
		open_attachments["$network|${env[CNI_CONTAINERID]}|${env[CNI_IFNAME]}"]=$p_path
	done
	all_end "${pids[@]}"
}

# all_end PID...: a call in the background died with its complaint
all_end() {
	local pid

	for pid; do
		if ! wait "$pid"; then
			call=$(<"$test_dir/blamed")
			die "at the same time: $(<"$test_dir/complaint")"
		fi
	done
}

# --- the stand-in for a delegate -------------------------------------------------------------------

# stand_in: from now on the delegate is the program "stand-in", which notes what it is asked and
# answers as told
stand_in() {
	needs delegate root
	place_stand_in
	[[ ! ${extra[prevResult]:-} ]] || not_applicable "is chained: its delegate's part is not separate"
	delegate_gives 203.0.113.7
}

# place_stand_in: likewise; it supports every version
place_stand_in() {
	base=$p_conf_standin
	delegate=$test_dir/path
	mkdir -p "$delegate" "$delegate/other"
	cp "$here/stand-in" "$delegate/cni-spec-stand-in"
	env[CNI_PATH]=$delegate:$p_path
}

# delegate_gives ADDRESS: and a route, and dns
delegate_gives() {
	local family=""

	[[ $version != 0.* ]] || family='"version":"4",'
	printf '{"cniVersion":"%s","ips":[{%s"address":"%s/24","gateway":"203.0.113.1"}],%s,%s}\n' \
		"$version" "$family" "$1" '"routes":[{"dst":"198.51.100.0/24"}]' \
		'"dns":{"nameservers":["203.0.113.53"],"search":["spec.example"]}' >"$delegate/result"
}

# delegate_fails COMMAND
delegate_fails() {
	printf '{"cniVersion":"%s","code":142,"msg":"the stand-in refuses","details":"%s"}\n' \
		"$version" "as it was told for $1" >"$delegate/fail.$1"
}

# delegate_was_asked COMMAND
delegate_was_asked() {
	[[ -e $delegate/asked && $'\n'$(<"$delegate/asked") == *$'\n'"$1"* ]] ||
		die "the delegate was not executed with $1"
}

# standing_in: a container with the stand-in as delegate, and an interface that was added
standing_in() {
	container
	stand_in
	add
	rm -f "$delegate/asked"
	attached
}
