# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash disable=SC2016,SC2034,SC2119,SC2154 # jq's variables; those of conform and words.sh
# IPAM: a plugin that has another one give the addresses, and that other one

every IPAM-05

test_IPAM_01() {
	container
	stand_in
	env[CNI_PATH]=$test_dir/none:$delegate:$delegate/other
	add
	delegate_was_asked ADD
}

test_IPAM_02() {
	local name value got

	container
	stand_in
	env[CNI_ARGS]="IgnoreUnknown=1;SPEC=of the delegate"
	env[SPEC_FOREIGN]="a variable of the runtime"
	add
	got=$'\n'$(tr '\0' '\n' <"$delegate/env.ADD")$'\n'
	for name in "${!env[@]}"; do
		value=${env[$name]}
		[[ $got == *$'\n'"$name=$value"$'\n'* ]] || die "the delegate did not get $name=$value"
	done
	same "CNI_COMMAND of the delegate" "$(grep -z '^CNI_COMMAND=' "$delegate/env.ADD" | tr -d '\0')" CNI_COMMAND=ADD
}

test_IPAM_03() {
	container
	stand_in
	extra[args]='{"cni":{},"spec":["a",{"b":null}]}'
	runtime_config '{}'
	add
	[[ $(jq -S . "$delegate/stdin.ADD") == "$(jq -S . "$call.stdin")" ]] ||
		die "the delegate got another configuration: $(<"$delegate/stdin.ADD")"
}

test_IPAM_04() {
	container
	stand_in
	add
	[[ $(<"$call.stderr") == *"stand-in: a line for the log"* ]] || die "the delegate's stderr is not on the plugin's"
}

test_IPAM_05() {
	container
	stand_in
	add
	delegate_was_asked ADD
	holds "the address is the delegate's" '[.ips[].address] | index("203.0.113.7/24") != null'
	holds "its gateway is the delegate's" '[.ips[] | select(.address == "203.0.113.7/24") | .gateway] == ["203.0.113.1"]'
	holds "the routes are the delegate's" '[.routes[].dst] | index("198.51.100.0/24") != null'
}

# forwards COMMAND: is the delegate executed for it? Whether the command succeeds, others ask.
forwards() {
	standing_in
	invoke "$1"
	delegate_was_asked "$1"
}

test_IPAM_06() { forwards DEL; }
test_IPAM_07() { forwards CHECK; }

test_IPAM_08() {
	standing_in
	unset "extra[prevResult]"
	attachments '[]'
	succeed GC "${anyone[@]}"
	delegate_was_asked GC
}

test_IPAM_09() {
	standing_in
	unset "extra[prevResult]"
	succeed STATUS "${anyone[@]}"
	delegate_was_asked STATUS
}

# passes_on COMMAND CHANGE...: is an error of the delegate the plugin's?
passes_on() {
	delegate_fails "$1"
	refuse "$@"
	delegate_was_asked "$1"
	rm "$delegate/fail.$1"
}

test_IPAM_10() {
	container
	stand_in
	passes_on ADD
}

test_IPAM_11() {
	standing_in
	passes_on DEL
}

test_IPAM_12() {
	standing_in
	passes_on CHECK
}

test_IPAM_13() {
	standing_in
	unset "extra[prevResult]"
	attachments '[]'
	passes_on GC "${anyone[@]}"
}

test_IPAM_14() {
	standing_in
	unset "extra[prevResult]"
	passes_on STATUS "${anyone[@]}"
}

test_IPAM_15() {
	container
	stand_in
	passes_on ADD
	# Whatever was tried in between: after the last ADD that failed.
	same "the last call of the delegate" "$(tail -n 1 "$delegate/asked")" DEL
}

test_IPAM_16() {
	standing_in
	gone
	succeed DEL
	delegate_was_asked DEL
}

test_IPAM_17() {
	needs ipam
	sample
	holds "there are addresses" '(.ips | length) > 0'
	holds "there are no interfaces" 'has("interfaces") | not'
	holds "no address has an index" 'all(.ips[]; has("interface") | not)'
}

test_IPAM_18() {
	needs ipam exhausted
	one_address
}

test_IPAM_19() {
	container
	stand_in
	add
	holds "dns is the delegate's" '.dns.nameservers == ["203.0.113.53"] and .dns.search == ["spec.example"]'
}
