# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash disable=SC2016,SC2034,SC2119,SC2154 # jq's variables; those of conform and words.sh
# ENV: the parameters, which are variables of the environment

every ENV-08

# each_missing COMMAND NAME...: is an error without each of these
each_missing() {
	local name

	for name in "${@:2}"; do
		refuse "$1" "-$name"
	done
}

test_ENV_01() {
	container
	each_missing ADD CNI_CONTAINERID CNI_NETNS CNI_IFNAME
	what="with all" add
}

test_ENV_02() {
	container
	add
	attached
	each_missing DEL CNI_CONTAINERID CNI_IFNAME
}

test_ENV_03() {
	container
	add
	attached
	each_missing CHECK CNI_CONTAINERID CNI_NETNS CNI_IFNAME
}

test_ENV_04() {
	needs root delegate
	absent
	attachments '[]'
	succeed GC "${anyone[@]}"
	refuse GC "${anyone[@]}" -CNI_PATH
}

test_ENV_05() {
	local name

	anywhere
	for name in CNI_CONTAINERID CNI_NETNS CNI_IFNAME; do
		refuse ADD "-$name"
		holds "the error names $name" '"\(.msg) \(.details)" | contains($name)' --arg name $name
	done
	refuse FROB
	holds "the error names CNI_COMMAND" '"\(.msg) \(.details)" | contains("CNI_COMMAND")'
}

test_ENV_06() {
	local change

	anywhere
	for change in -CNI_CONTAINERID -CNI_NETNS -CNI_IFNAME; do
		refuse ADD "$change"
		code 4
	done
	refuse DEL -CNI_CONTAINERID
	code 4
	refuse FROB
	code 4
}

test_ENV_07() {
	local command

	anywhere
	succeed VERSION
	for command in FROB add Add "ADD " ADDDEL; do
		refuse "$command"
	done
}

test_ENV_08() {
	container
	add -CNI_ARGS
	attached
	succeed DEL -CNI_ARGS
}

test_ENV_09() {
	needs no-delegate no-ipam
	container
	add -CNI_PATH
	attached
	succeed CHECK -CNI_PATH
	succeed DEL -CNI_PATH
}

test_ENV_10() {
	local name

	needs interface first
	container
	for name in a/b 'a b' a-name-of-16-byt . ..; do
		env[CNI_IFNAME]=$name
		refuse ADD
	done
	env[CNI_IFNAME]=$p_ifname
	what="with a good name" add
}

test_ENV_11() {
	container
	stdin=$(configuration | jq --indent 7 .)$'\n\n'
	add
	unset stdin
	attached
	succeed DEL
	anywhere
	stdin=$(configuration)
	stdin=${stdin%\}}
	refuse ADD
}

# Where runtimes keep network namespaces is their own affair: /proc/PID/ns/net is one place.
test_ENV_12() {
	needs interface first
	container
	touch "$test_dir/elsewhere"
	mount --bind "/run/netns/$ns" "$test_dir/elsewhere"
	add "CNI_NETNS=$test_dir/elsewhere"
	umount "$test_dir/elsewhere"
	has_device "$device" || die "there is no $device in the container"
}
