# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash disable=SC2016,SC2034,SC2119,SC2154 # jq's variables; those of conform and words.sh
# ADD: what it makes

every ADD-02 ADD-03 ADD-04

test_ADD_01() {
	needs no-ipam
	container
	add
	has_device "$device" || die "there is no $device in the container"
}

test_ADD_02() {
	sample
	holds "stdout is a result" 'type == "object" and .cniVersion != null'
}

test_ADD_03() {
	needs interface first
	container
	ip -n "$ns" link add "$device" type veth peer name other
	refuse ADD
	has_device "$device" || die "ADD, which failed, removed the interface that was there"
	container
	what="where there is none" add
}

test_ADD_04() {
	needs interface first
	sample
	seen "$device is in the container" '[$c1[].ifname] | index($device)'
	seen "the result has $device" '[.interfaces[] | select(.sandbox == $netns) | .name] == [$device]'
}

test_ADD_05() {
	needs addresses
	sample
	[[ $(addresses) ]] || die "the result has no address"
	seen "each address of the result is on $device" '
		[$c1[] | select(.ifname == $device) | .addr_info[] | "\(.local)/\(.prefixlen)"] as $have |
		[.ips[].address] - $have == []'
}

test_ADD_06() {
	needs addresses
	container
	stand_in
	add
	ip -n "$ns" route show 198.51.100.0/24 | grep -q . || die "there is no route to 198.51.100.0/24 in the container"
}

test_ADD_07() {
	needs interface first second-interface
	container
	add
	env[CNI_IFNAME]=spec1
	device=spec1
	add
	has_device "$p_ifname" || die "the second ADD removed $p_ifname"
	has_device spec1 || die "there is no spec1 in the container"
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
	for number in "${pids[@]}"; do
		wait "$number" || blame_last
	done
}

# blame_last: a call in the background died with its complaint
blame_last() {
	call=$(<"$test_dir/blamed")
	die "at the same time: $(<"$test_dir/complaint")"
}

test_ADD_08() {
	local twice

	needs parallel
	add_many 4
	if [[ $p_delegates == true || $p_ipam == true ]]; then
		twice=$(sort "$test_dir"/addresses-* | uniq -d)
		[[ ! $twice ]] || die "given twice: $twice"
	fi
}

test_ADD_09() {
	container
	add
	attached
	succeed DEL
	unset "extra[prevResult]"
	[[ $p_chained != always ]] || extra[prevResult]=$earlier_result
	add
	[[ $p_creates == false ]] || has_device "$device" || die "there is no $device in the container"
}

test_ADD_10() {
	needs addresses
	container
	stand_in
	ip -n "$ns" link add other type veth peer name otherpeer
	ip -n "$ns" addr add 192.0.2.9/24 dev other
	ip -n "$ns" link set otherpeer up
	ip -n "$ns" link set other up
	ip -n "$ns" route add default via 192.0.2.1
	sed -i 's,198.51.100.0/24,0.0.0.0/0,' "$delegate/result"
	add
}
