# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash disable=SC2016,SC2034,SC2119,SC2154 # jq's variables; those of conform and words.sh
# DEL: what it removes, and what it does without

every DEL-02 DEL-07 DEL-12

test_DEL_01() {
	needs interface
	container
	add
	attached
	succeed DEL
	device_is_gone
}

test_DEL_02() {
	container
	add
	attached
	succeed DEL
	what="the second time" succeed DEL
	what="the third time" succeed DEL
}

test_DEL_03() {
	needs interface no-ipam
	container
	add
	attached
	ip -n "$ns" link del "$device"
	succeed DEL
}

test_DEL_04() {
	container
	add
	attached
	gone
	succeed DEL
}

test_DEL_05() {
	container
	add
	attached
	gone
	succeed DEL -CNI_NETNS
}

test_DEL_06() {
	one_address
}

test_DEL_07() {
	container
	add
	succeed DEL
	device_is_gone
}

test_DEL_08() {
	container
	succeed DEL
	gone
	succeed DEL
}

test_DEL_09() {
	local before after name

	needs no-ipam
	container
	before=" $(host_devices | tr '\n' ' ')"
	add
	attached
	succeed DEL
	after=$(host_devices)
	for name in $after; do
		[[ $before == *" $name "* || " $p_keeps " == *" $name "* ]] || die "$name is still on the host"
	done
}

test_DEL_10() {
	needs interface first
	container
	ip -n "$ns" link add "$device" type veth peer name other
	refuse ADD
	succeed DEL
}

test_DEL_11() {
	local first

	needs interface first second-interface
	container
	add
	attached
	first=$result
	env[CNI_IFNAME]=spec1
	unset "extra[prevResult]"
	invoke ADD
	((status == 0)) || not_applicable "there can be but one: see ADD-07"
	result=$(<"$call.stdout")
	attached
	succeed DEL
	has_device "$p_ifname" || die "DEL of spec1 removed $p_ifname"
	env[CNI_IFNAME]=$p_ifname
	extra[prevResult]=$first
	succeed CHECK
}

test_DEL_12() {
	container
	add
	attached
	succeed DEL
}

test_DEL_13() {
	one_address -CNI_NETNS
}

test_DEL_14() {
	local number pids=()

	needs parallel
	add_many 4
	for number in "${!containers[@]}"; do
		again "${containers[number]}"
		result=$(<"$test_dir/result-$number")
		attached
		(
			trap - EXIT
			succeed DEL
		) &
		pids+=($!)
	done
	all_end "${pids[@]}"
	open_attachments=()
}
