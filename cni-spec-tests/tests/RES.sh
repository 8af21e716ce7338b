# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash disable=SC2016,SC2034,SC2119,SC2154 # jq's variables; those of conform and words.sh
# RES: the result of ADD. Most look at one and the same attachment of each version.

every RES-01 RES-02 RES-04 RES-12

test_RES_01() {
	sample
	holds "stdout is a JSON object" 'type == "object"'
}

test_RES_02() {
	sample
	holds "cniVersion is $version" '.cniVersion == $version' --arg version "$version"
}

test_RES_03() {
	needs no-ipam
	sample
	seen "each new device is in interfaces" '
		([$h1[].ifname] - [$h0[].ifname]) - [.interfaces[] | select((.sandbox // "") == "") | .name] == []'
	seen "each new device of the container is in interfaces" '
		([$c1[].ifname] - [$c0[].ifname]) - [.interfaces[] | select((.sandbox // "") != "") | .name] == []'
}

test_RES_04() {
	needs interface
	sample
	seen "sandbox of $device is $(printf %q "${env[CNI_NETNS]}")" '
		any(.interfaces[]; .name == $device and .sandbox == $netns)'
}

test_RES_05() {
	needs no-ipam
	sample
	seen "the container's devices have a sandbox, the host's have none" '
		all(.interfaces[]; if (.sandbox // "") == "" then .name | IN($h1[].ifname)
			else .name | IN($c1[].ifname) end)'
}

# of_device MEMBER FILTER: in the filter . is a device as ip says it, and $it the interface of the result
of_device() {
	seen "$1 of each interface is as ip says" '
		all(.interfaces[]; . as $it |
			if (.sandbox // "") == "" then $h1 else $c1 end |
			.[] | select(.ifname == $it.name) | '"$2"')'
}

# has_member FILTER: or there is nothing to look at
has_member() {
	[[ $(out "[$1] | length > 0") == true ]] || not_applicable "no result of it has one"
}

test_RES_06() {
	needs no-ipam
	sample
	has_member '.interfaces[]'
	of_device mac '
		(.link_type == "ether" and .address != "00:00:00:00:00:00" and ($it.mac // "") == "" | not) and
		(($it.mac // "") == "" or ($it.mac | ascii_downcase) == .address)'
}

test_RES_07() {
	needs no-ipam
	sample
	has_member '.interfaces[] | .mtu | values'
	of_device mtu '$it.mtu == null or $it.mtu == .mtu'
}

test_RES_08() {
	needs no-ipam
	sample
	has_member '.interfaces[] | .socketPath | values'
	holds "it is absolute" 'all(.interfaces[].socketPath | values; type == "string" and startswith("/"))'
	[[ ! -s $sample/absent ]] || die "there is no $(<"$sample/absent")"
}

test_RES_09() {
	local id found

	needs no-ipam
	sample
	has_member '.interfaces[] | .pciID | values'
	for id in $(out '.interfaces[] | .pciID | values'); do
		found=(/sys/bus/*/devices/"$id")
		[[ -e ${found[0]:-} ]] || die "there is no device $id"
	done
}

# Addresses, roughly: what is wrong about the digits of one that is on a device, ip has refused.
is_address='test("^[0-9.]+$|^[0-9a-fA-F:.]*:[0-9a-fA-F:.]*$")'
is_prefix='test("^([0-9.]+|[0-9a-fA-F:.]*:[0-9a-fA-F:.]*)/[0-9]+$")'
is_six='contains(":")'

test_RES_10() {
	sample
	has_member '.ips[]?'
	holds "address has a prefix length" "all(.ips[]; .address | $is_prefix)"
}

test_RES_11() {
	sample
	has_member '.ips[]? | .gateway | values'
	holds "gateway is of the address's family" "
		all(.ips[] | select(.gateway != null); (.gateway | $is_address) and
			(.gateway | $is_six) == (.address | $is_six))"
}

test_RES_12() {
	needs no-ipam
	sample
	has_member '.ips[]?'
	seen "interface is an index of the list, and one address is the container's" '
		(.interfaces // []) as $all | all(.ips[]; .interface | type == "number" and . >= 0 and . == floor and
			. < ($all | length)) and
			any(.ips[]; ($all[.interface].sandbox // "") != "")'
}

test_RES_13() {
	sample
	has_member '.ips[]?'
	holds "version is the address's" "
		all(.ips[]; .version == if (.address | $is_six) then \"6\" else \"4\" end)"
}

test_RES_14() {
	sample
	has_member '.routes[]?'
	holds "dst has a prefix length, gw is an address of its family" "
		all(.routes[]; (.dst | $is_prefix) and (.dst | $is_six) as \$six |
			.gw == null or .gw == \"\" or (.gw | ($is_address) and ($is_six) == \$six))"
}

test_RES_15() {
	container
	stand_in
	sed -i 's|"dst":"198.51.100.0/24"|&,"mtu":1400,"advmss":1360,"priority":77,"table":254,"scope":0|' \
		"$delegate/result"
	add
	holds "the route is as the delegate gave it" '[.routes[] | select(.dst == "198.51.100.0/24") |
		[.mtu, .advmss, .priority, .table // 254, .scope // 0]] == [[1400, 1360, 77, 254, 0]]'
}

# dns_is_right: where there is one
dns_is_right() {
	holds "lists of strings, and a string" '.dns | . == null or (type == "object" and
		all(.nameservers, .search, .options; . == null or (type == "array" and all(.[]; type == "string"))) and
		(.domain == null or (.domain | type) == "string"))'
}

test_RES_16() {
	sample
	dns_is_right
	if [[ $p_delegates == true ]]; then
		container
		stand_in
		add
		dns_is_right
	fi
	has_member '.dns | values | select(. != {})'
}

test_RES_17() {
	sample
	jq . "$call.stdout" &>/dev/null || die "there is something beside JSON on stdout"
	refuse FROB
	jq . "$call.stdout" &>/dev/null || die "there is something beside JSON on stdout"
}

test_RES_18() {
	needs interface
	sample
	seen "$device has a sandbox" 'any(.interfaces[]; .name == $device and (.sandbox // "") != "")'
}
