# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash disable=SC2016,SC2034,SC2119,SC2154 # jq's variables; those of conform and words.sh
# STATUS: could an ADD be served?

test_STATUS_01() {
	needs root
	absent
	succeed STATUS
}

# not_ready: STATUS of a configuration with which no ADD can be served
not_ready() {
	needs root notReady
	absent
	succeed STATUS "${anyone[@]}"
	base=$p_conf_notReady
	refuse STATUS "${anyone[@]}"
}

test_STATUS_02() {
	not_ready
	holds "an error on stdout" 'type == "object" and (.code | type) == "number" and (.msg | type) == "string"'
}

test_STATUS_03() {
	needs no-delegate exhausted
	container
	base=$p_conf_exhausted
	succeed STATUS "${anyone[@]}"
	add
	refuse STATUS "${anyone[@]}"
}

test_STATUS_04() {
	not_ready
	holds "code is 50 or 51" '.code == 50 or .code == 51'
}

test_STATUS_05() {
	container
	add
}

test_STATUS_06() {
	not_ready
	base=$p_conf
	container
	add
	attached
	succeed CHECK
	succeed DEL
}

test_STATUS_07() {
	needs root
	absent
	succeed STATUS "${anyone[@]}"
}

test_STATUS_08() {
	needs root no-delegate no-ipam
	absent
	succeed STATUS -CNI_PATH
}
