# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash disable=SC2016,SC2034,SC2119,SC2154 # jq's variables; those of conform and words.sh
# ERR: errors, and their codes

every ERR-06

# each_error FUNCTION...: after each of some calls that have to fail
each_error() {
	anywhere
	what="no CNI_CONTAINERID"
	refuse ADD -CNI_CONTAINERID
	"$@"
	what="no operation"
	refuse FROB
	"$@"
	what="half an object on stdin"
	stdin='{"cniVersion":'
	refuse ADD
	"$@"
	what="no such version"
	unset stdin
	local version=99.0.0
	refuse ADD
	"$@"
}

test_ERR_01() {
	each_error true
}

test_ERR_02() {
	stdin='{"cniVersion":"'$version'"}'
	invoke VERSION
	same "the status of VERSION" "$status" 0
	[[ -s $call.stdout ]] || die "VERSION printed nothing"
}

test_ERR_03() {
	each_error holds "a JSON object on stdout" 'type == "object"'
}

test_ERR_04() {
	each_error holds "code is a number" '(.code | type) == "number"'
}

test_ERR_05() {
	each_error holds "msg says something" '(.msg | type) == "string" and .msg != ""'
}

# refused_later: an error after the configuration was read: there is no such network namespace
refused_later() {
	needs no-ipam
	absent
	refuse ADD
}

test_ERR_06() {
	refused_later
	holds "cniVersion is $version" '.cniVersion == $version' --arg version "$version"
}

test_ERR_07() {
	each_error holds "details are a string" '(.details | type) == "string"'
}

test_ERR_08() {
	refused_later
	holds "cniVersion, code and msg" '(.cniVersion | type) == "string" and (.code | type) == "number" and
		(.msg | type) == "string"'
}

test_ERR_09() {
	needs unsupported
	anywhere
	base=$p_conf_unsupported
	refuse ADD
	code 2
	holds "msg has key and value" '.msg as $msg | all($says[]; . as $part | $msg | contains($part))' \
		--argjson says "$p_unsupported_says"
}

test_ERR_11() {
	anywhere
	stdin="(a directory)"
	input=/
	refuse ADD
	code 5
}

test_ERR_12() {
	local text

	anywhere
	for text in '{"cniVersion":"'"$version"'"' 'cniVersion: '"$version" '{]'; do
		stdin=$text
		refuse ADD
		code 6
	done
}

test_ERR_13() {
	needs invalid
	anywhere
	base=$p_conf_invalid
	refuse ADD
	code 7
}

test_ERR_14() {
	local known='.code >= 100 or (.code | IN(1, 2, 3, 4, 5, 6, 7, 11))'

	each_error holds "the code has a meaning" "$known"
	unset stdin
	what="no such network namespace"
	absent
	invoke ADD
	((status == 0)) || holds "the code has a meaning" "$known"
}
