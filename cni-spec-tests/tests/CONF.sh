# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash disable=SC2016,SC2034,SC2119,SC2154 # jq's variables; those of conform and words.sh
# CONF: the configuration

every CONF-01

test_CONF_01() {
	container
	runtime_config '{}'
	add
	attached
	succeed DEL
}

test_CONF_02() {
	container
	extra[args]='{"labels":[{"key":"app","value":"spec"}],"spec.example":{"of":["no","meaning"]}}'
	add
}

test_CONF_03() {
	needs interface first dns
	container
	base=$(jq -c '.dns = {nameservers: ["203.0.113.99"], domain: "spec.example", search: ["a.example"]}' <<<"$base")
	add
	holds "dns of the result is the configuration's" '.dns.nameservers == ["203.0.113.99"] and
		.dns.domain == "spec.example" and .dns.search == ["a.example"]'
}

test_CONF_05() {
	standing_in
	[[ $result == *203.0.113.7/24* ]] || die "the address is not the one of ipam's plugin"
}

test_CONF_06() {
	local tried=$version

	for version in "${versions[@]}"; do
		[[ ${version%%.*} == "${tried%%.*}" ]] || continue
		container
		add
		attached
		succeed DEL
	done
}
