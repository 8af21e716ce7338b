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
	seen "the result lists $device with a sandbox" '
		[.interfaces[] | select((.sandbox // "") != "") | .name] | index($device)'
	container
	env[CNI_IFNAME]=spec1
	device=spec1
	add
	has_device spec1 || die "CNI_IFNAME is spec1, and there is no such device in the container"
}

test_ADD_05() {
	needs addresses
	sample
	[[ $(addresses) ]] || die "the result has no address of the container"
	seen "each address of the result is on $device" '
		[$c1[] | select(.ifname == $device) | .addr_info[] | "\(.local)/\(.prefixlen)"] as $have |
		(.interfaces // []) as $all | [.ips[] | select(.interface == null or
			($all[.interface].sandbox // "") != "") | .address] - $have == []'
}

test_ADD_06() {
	needs addresses
	if [[ $p_delegates == true ]]; then
		container
		stand_in
		add
		ip -n "$ns" route show 198.51.100.0/24 | grep -q . || die "there is no route to 198.51.100.0/24 in the container"
		return
	fi
	sample
	has_member '.routes[]?'
	seen "each route of the result is in the container" '
		[$routes[].dst | if . == "default" then "0.0.0.0/0", "::/0" elif contains("/") then . else . + "/32", . + "/128" end] as $have |
		[.routes[].dst] - $have == []'
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

# A configuration may have the same address for all; then it has that one after the other, too.
test_ADD_08() {
	local twice first

	needs parallel
	add_many 4
	twice=$(sort "$test_dir"/addresses-* | uniq -d)
	[[ $twice ]] || return 0
	container
	add
	first=$(addresses)
	container
	add
	[[ $p_ipam == false && $(addresses) == "$first" ]] || die "given twice: $twice"
}

test_ADD_09() {
	container
	add
	attached
	succeed DEL
	unset "extra[prevResult]"
	[[ $p_chained != always ]] || extra[prevResult]=$earlier_result
	add
	device_is_there
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
