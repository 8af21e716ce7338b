# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash disable=SC2016,SC2034,SC2119,SC2154 # jq's variables; those of conform and words.sh
# CHAIN: a plugin behind another one

every CHAIN-01 CHAIN-03

# chain: a container that an earlier plugin gave an interface, and the plugin behind it
chain() {
	needs chained
	container
	later
	add
}

# since_earlier SENTENCE FILTER: in it there is prevResult as $before
since_earlier() {
	holds "$1" "$2" --argjson before "$earlier_result"
}

test_CHAIN_01() {
	needs prevResult
	chain
	since_earlier "the interfaces are there" '
		[$before.interfaces[] | [.name, .sandbox // ""]] - [.interfaces[] | [.name, .sandbox // ""]] == []'
	since_earlier "the addresses are there" '[$before.ips[].address] - [.ips[].address] == []'
	since_earlier "the routes are there" '
		[$before.routes[] | [.dst, .gw]] - [.routes[] | [.dst, .gw]] == []'
	since_earlier "dns is there" '[$before.dns.nameservers[]] - [.dns.nameservers[]] == []'
}

test_CHAIN_02() {
	needs unchanged
	chain
	since_earlier "the result says what prevResult says" '
		def plain: del(.. | select(. == {} or . == [] or . == "" or . == null));
		plain == ($before | plain)'
}

test_CHAIN_03() {
	needs prevResult
	chain
	since_earlier "each address is on the interface it was on" '
		def where: . as $all | [.ips[] | {(.address): $all.interfaces[.interface].name}] | add;
		where as $now | all($before | where | to_entries[]; $now[.key] == .value)'
}

test_CHAIN_04() {
	chain
	attached
	succeed DEL
	has_device "$p_ifname" || die "DEL removed $p_ifname, which an earlier plugin made"
}

# lengthened: prevResult as it is at the end of the chain: with what a later plugin appended
lengthened() {
	local family=""

	[[ $version != 0.* ]] || family=', version: "4"'
	extra[prevResult]=$(jq -c '.interfaces += [{name: "ifb-spec"}] |
		.ips += [{address: "198.18.0.1/24", interface: (.interfaces | length - 1)'"$family"'}]' <<<"$result")
}

test_CHAIN_05() {
	chain
	lengthened
	succeed CHECK
}

test_CHAIN_06() {
	chain
	lengthened
	succeed DEL
}
