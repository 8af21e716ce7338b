# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash disable=SC2016,SC2034,SC2119,SC2154 # jq's variables; those of conform and words.sh
# RT: unwritten: what runtimes, libcni and Go plugins' library (skel) do, and depend on

every RT-01

# one_document: on stdout, and nothing else
one_document() {
	[[ $(jq -s length "$call.stdout" 2>/dev/null) == 1 ]] || die "${what:+$what: }stdout is not one JSON document"
}

test_RT_01() {
	what="an error" refuse FROB
	one_document
	what="a result"
	sample
	one_document
}

test_RT_02() {
	container
	add
	attached
	gone
	succeed DEL CNI_NETNS=
}

# empty: the variables as libcni exports them where there is no attachment
empty=(CNI_CONTAINERID= CNI_NETNS= CNI_IFNAME= CNI_ARGS=)

test_RT_03() {
	needs root
	absent
	succeed STATUS "${empty[@]}"
	attachments '[]'
	succeed GC "${empty[@]}"
}

test_RT_04() {
	local name

	anywhere
	for name in CNI_CONTAINERID CNI_NETNS CNI_IFNAME; do
		refuse ADD "$name="
		code 4
		holds "the error names $name" '"\(.msg) \(.details)" | contains($name)' --arg name $name
	done
}

test_RT_05() {
	anywhere
	refuse ADD -CNI_CONTAINERID -CNI_NETNS -CNI_IFNAME
	holds "all are named" '"\(.msg) \(.details)" | contains("CNI_CONTAINERID") and contains("CNI_NETNS") and
		contains("CNI_IFNAME")'
}

test_RT_06() {
	stdin=""
	env=()
	succeed -
	silent
	[[ -s $call.stderr ]] || die "stderr does not say what it is"
}

test_RT_07() {
	stdin=""
	env=()
	succeed VERSION
	holds "supportedVersions" '(.cniVersion | length) > 0 and (.supportedVersions | length) > 0'
}

test_RT_08() {
	stdin='{"cniVersion":"1.1.0"}'
	env=()
	succeed VERSION CNI_CONTAINERID= CNI_NETNS=dummy CNI_IFNAME=dummy CNI_PATH=dummy CNI_ARGS=
	holds "supportedVersions" '(.supportedVersions | length) > 0'
}

test_RT_09() {
	absent
	refuse FROB
	holds "a whole number" '.code | type == "number" and . >= 0 and . == floor'
	stdin='{'
	refuse ADD
	holds "a whole number" '.code | type == "number" and . >= 0 and . == floor'
}

# each_refused CODE VARIABLE VALUE...
each_refused() {
	local value

	anywhere
	for value in "${@:3}"; do
		refuse ADD "$2=$value"
		code "$1"
	done
}

test_RT_10() {
	each_refused 4 CNI_CONTAINERID ../up a/b .hidden -dash 'a b' a:b $'a\nb' ä
}

test_RT_11() {
	each_refused 4 CNI_IFNAME . .. a/b 'a b' a:b a-name-of-16-byt $'a\tb'
}

test_RT_12() {
	anywhere
	for network in ../up a/b .hidden -dash 'a b' a:b; do
		refuse ADD
		code 7
	done
}

test_RT_13() {
	anywhere
	network=""
	refuse ADD
	code 7
	extra[name]='""'
	refuse ADD
	code 7
}

test_RT_14() {
	local one

	anywhere
	for one in "${version%.*}" "v$version" "$version-rc1" "$version " "0$version"; do
		version=$one
		refuse ADD
		code 1
	done
}

test_RT_15() {
	local takes

	absent
	stdin='{"cniVersion":"'$version'"}'
	succeed VERSION
	takes=$(out '.supportedVersions | index("0.1.0") != null') || exit
	unset stdin
	version=""
	if [[ $takes == true ]]; then
		invoke DEL
		((status == 0)) || [[ $(out '.code') != 1 ]] || die "0.1.0 is supported, and no version is not"
	else
		refuse DEL
		code 1
	fi
}

# below VERSION COMMAND...: is an error with code 1 in that version of a configuration
below() {
	local command

	anywhere
	version=$1
	for command in "${@:2}"; do
		refuse "$command"
		code 1
	done
}

test_RT_16() {
	below 0.3.1 CHECK
	below 1.0.0 STATUS GC
}

test_RT_17() {
	needs no-ipam
	container
	add
	unset "extra[prevResult]"
	refuse CHECK
}

# By a name that no device of a host has, or that would be the reason.
test_RT_18() {
	needs interface first
	container
	refuse ADD CNI_NETNS=/proc/self/ns/net CNI_IFNAME=spec1
	container
	what="in a container" add
}

test_RT_19() {
	container
	base=$(jq -c '.capabilities += {"mac": true, "portMappings": true, "spec.example": true}' <<<"$base")
	add
	attached
	succeed DEL
}

test_RT_20() {
	container
	extra[pciBusID]='"0000:00:00.0"'
	extra[spec.example/added]='{"by":["a","runtime"]}'
	extra[args]='{"cni":{"labels":[{"key":"app","value":"spec"}],"logicNetworkName":"a"}}'
	runtime_config '{"io.kubernetes.cri.pod-annotations":null,"aliases":["a"]}'
	add
	attached
	succeed DEL
}

test_RT_21() {
	container
	env[CNI_ARGS]="K8S_POD_NAMESPACE=default;K8S_POD_NAME=spec-0;K8S_POD_INFRA_CONTAINER_ID=0123;K8S_POD_UID=4-5;IgnoreUnknown=1"
	add
	attached
	succeed CHECK
	succeed DEL
}

test_RT_22() {
	local list

	container
	add
	for list in null absent; do
		unset "extra[prevResult]"
		[[ $list == absent ]] || attachments null
		succeed GC "${empty[@]}"
		attachments
		attached
		what="after GC" device_is_there
		what="after GC with a list that is $list" succeed CHECK
	done
}

test_RT_23() {
	container
	add
	attached
	succeed DEL
	silent
	succeed DEL
	silent
}

test_RT_24() {
	needs no-ipam
	sample
	holds "each name once" '[.interfaces[].name] | length == (unique | length)'
}

test_RT_25() {
	needs master
	container
	[[ $p_host == own ]] || not_applicable "its master device is the real host's"
	add
	ip link del "$p_master"
	invoke DEL
	make_master
	((status == 0)) || die "DEL failed"
	device_is_gone
}

test_RT_26() {
	container
	piped=yes
	add
	same "status of who reads stdout to its end, within $limit s," "${piped[1]}" 0
}

test_RT_27() {
	needs interface first
	container
	add
	refuse ADD
	attached
	succeed CHECK
}

test_RT_28() {
	needs interface first
	if [[ $p_delegates == true ]]; then
		container
		stand_in
		delegate_fails ADD
		refuse ADD
		delegate_was_asked ADD
	else
		no_room
	fi
	! has_device "$device" || die "$device is in the container"
}

test_RT_29() {
	local before

	needs no-ipam
	container
	before=$(snapshot)
	succeed STATUS "${empty[@]}"
	unchanged "$before"
}

test_RT_30() {
	local before

	needs no-ipam
	container
	add
	attached
	before=$(snapshot)
	succeed CHECK
	unchanged "$before"
	succeed CHECK
}

test_RT_31() {
	[[ $p_mac_capability == true ]] || not_applicable "has no capability mac"
	container
	runtime_config '{"mac":"02:00:5e:10:00:99"}'
	add
	[[ $(ip -n "$ns" link show dev "$device") == *" 02:00:5e:10:00:99 "* ]] || die "$device has another mac"
}

test_RT_32() {
	needs interface first
	container
	ip -n "$ns" link add "$device" type veth peer name other
	refuse ADD
	ip -n "$ns" link del "$device"
	succeed DEL
	add
	has_device "$device" || die "there is no $device in the container"
}

test_RT_33() {
	needs interface
	sample
	seen "$device is up" 'any($c1[]; .ifname == $device and (.flags | index("UP")))'
}

test_RT_34() {
	container
	stand_in
	mkdir "$test_dir/behind"
	printf '#!/bin/bash\necho "the wrong one" >&2\nexit 1\n' >"$test_dir/behind/cni-spec-stand-in"
	chmod +x "$test_dir/behind/cni-spec-stand-in"
	env[CNI_PATH]=$delegate:$test_dir/behind
	add
	delegate_was_asked ADD
}
