# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash disable=SC2016,SC2034,SC2119,SC2154 # jq's variables; those of conform and words.sh
# VER: VERSION, and what is made of a configuration's version

every VER-02

# ask: what versions the plugin supports
ask() {
	stdin='{"cniVersion":"'$version'"}'
	succeed VERSION
	unset stdin
	[[ -s $call.stdout ]] || die "VERSION printed nothing"
}

test_VER_01() {
	ask
	holds "cniVersion and supportedVersions" 'type == "object" and (.cniVersion | type) == "string" and
		(.supportedVersions | type) == "array"'
}

test_VER_02() {
	ask
	holds "cniVersion is $version" '.cniVersion == $version' --arg version "$version"
}

test_VER_03() {
	ask
	holds "they are version numbers" '(.supportedVersions | length) > 0 and
		all(.supportedVersions[]; type == "string" and test("^[0-9]+\\.[0-9]+\\.[0-9]+([-+].*)?$"))'
}

test_VER_04() {
	local list one

	ask
	list=$(out '.supportedVersions[]') || exit
	for one in $list; do
		absent
		[[ $p_delegates == false ]] || place_stand_in # a delegate may support less, and say so
		version=$one
		invoke DEL
		((status == 0)) || [[ $(out '.code') != 1 ]] || die "version $one is in the list, and unsupported"
	done
}

test_VER_05() {
	local list one command

	ask
	list=$(out '.supportedVersions | join(" ")') || exit
	list=" $list "
	anywhere
	for one in 0.0.9 0.9.9 1.99.0 99.0.0; do
		[[ $list != *" $one "* ]] || continue
		version=$one
		for command in ADD DEL CHECK; do
			refuse "$command"
			code 1
		done
	done
}

test_VER_06() {
	ask
}

test_VER_07() {
	ask
	holds "cniVersion is one of supportedVersions" '. as $all | .supportedVersions | index($all.cniVersion)'
}
