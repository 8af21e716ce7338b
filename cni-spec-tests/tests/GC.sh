# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash disable=SC2016,SC2034,SC2119,SC2154 # jq's variables; those of conform and words.sh
# GC: what is left of attachments that nobody has any more

# collect [ATTACHMENT...]: GC, where these are still valid; an attachment is CONTAINERID/IFNAME
collect() {
	local list="" one before=${extra[prevResult]:-}

	for one; do
		list+=',{"containerID":"'${one%/*}'","ifname":"'${one#*/}'"}'
	done
	unset "extra[prevResult]"
	attachments "[${list#,}]"
	succeed GC "${anyone[@]}"
	attachments
	[[ ! $before ]] || extra[prevResult]=$before
}

# still_there CONTAINERID RESULT: the attachment of that container is as it was
still_there() {
	again "$1"
	what="after GC" device_is_there
	extra[prevResult]=$2
	what="after GC" succeed CHECK
}

test_GC_01() {
	local live first

	container
	add
	live=${env[CNI_CONTAINERID]} first=$result
	container
	add
	gone
	collect "$live/${env[CNI_IFNAME]}"
	still_there "$live" "$first"
}

test_GC_02() {
	full
	collect
	container
	what="after GC the next container" add
}

test_GC_03() {
	container
	collect
	add
	gone
	collect
	collect
}

test_GC_05() {
	needs root
	absent
	collect
	silent
}

test_GC_06() {
	needs root
	absent
	attachments '[]'
	succeed GC "${anyone[@]}" -CNI_ARGS
}

test_GC_07() {
	local live

	container
	add
	live=${env[CNI_CONTAINERID]}
	network=spec-other
	collect
	network=$p_network
	still_there "$live" "$result"
}
