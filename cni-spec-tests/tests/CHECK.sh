# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash disable=SC2016,SC2034,SC2119,SC2154 # jq's variables; those of conform and words.sh
# CHECK: true where all is as ADD left it, and not where it is not

every CHECK-01

# added: a container and its attachment, of which CHECK is true
added() {
	container
	add
	attached
	succeed CHECK
}

test_CHECK_01() {
	added
}

test_CHECK_02() {
	local address

	needs addresses
	added
	address=$(first_address) || exit
	result=${result//"$address"/203.0.113.250/24}
	extra[prevResult]=$result
	refuse CHECK
}

test_CHECK_03() {
	needs interface
	added
	ip -n "$ns" link add later0 type veth peer name later1
	ip -n "$ns" addr add 192.0.2.77/24 dev later0
	ip -n "$ns" link set later1 up
	ip -n "$ns" link set later0 up
	ip -n "$ns" route add 198.51.100.128/25 via 192.0.2.1
	extra[prevResult]=$(jq -c --arg netns "${env[CNI_NETNS]}" '
		.interfaces += [{name: "later0", sandbox: $netns}] |
		.ips += [{address: "192.0.2.77/24", interface: (.interfaces | length - 1)} +
			if .cniVersion | startswith("0.") then {version: "4"} else {} end]' <<<"$result")
	succeed CHECK
}

# The text's own example: a later plugin sets the mac, and prevResult has it.
test_CHECK_12() {
	needs interface changed-mac
	added
	ip -n "$ns" link set "$device" address 02:00:5e:10:00:77
	[[ $(ip -n "$ns" link show dev "$device") == *" 02:00:5e:10:00:77 "* ]] || not_applicable "its mac cannot be changed"
	extra[prevResult]=$(jq -c --arg device "$device" '(.interfaces[] |
		select(.name == $device and (.sandbox // "") != "")).mac = "02:00:5e:10:00:77"' <<<"$result")
	succeed CHECK
}

test_CHECK_04() {
	needs interface
	added
	ip -n "$ns" link del "$device"
	refuse CHECK
}

test_CHECK_05() {
	local address

	needs addresses
	added
	address=$(first_address) || exit
	ip -n "$ns" addr del "$address" dev "$device"
	refuse CHECK
}

test_CHECK_06() {
	needs addresses
	standing_in
	succeed CHECK
	ip -n "$ns" route del 198.51.100.0/24
	refuse CHECK
}

test_CHECK_09() {
	added
	silent
}

test_CHECK_10() {
	needs interface
	added
	gone
	refuse CHECK
}
