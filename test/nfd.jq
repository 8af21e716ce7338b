# SPDX-License-Identifier: Apache-2.0
# nfd.jq - what node-feature-discovery makes of a NodeFeatureRule and of a feature file, as its documents say
#
#   jq -R -s --argjson rule RULE -f nfd.jq FEATURE-FILE    prints {labels, extendedResources}
#
# Source: node-feature-discovery, docs/usage/customization-guide.md, "Input format" and "Feature rule format"; where
# these say nothing, source/local/local.go, pkg/apis/nfd/nodefeaturerule and pkg/nfd-master of July 2026. What this
# does not evaluate (templates, vars, matchAny, matchName, backreferences, expiry-time, regular expressions) fails.

def unknown(what): error("nfd.jq does not know \(what)");

# parse: the feature file into {feature, label}; a directive is for one feature
def parse:
	if utf8bytelength > 65536 then {feature: {}, label: {}} else
		reduce (split("\n")[] | gsub("^\\s+|\\s+$"; "") | select(. != "")) as $line
			({feature: {}, label: {}, skip: []};
			if $line == "# +no-label" then .skip += ["label"]
			elif $line == "# +no-feature" then .skip += ["feature"]
			elif $line | startswith("# +") then unknown("directive \($line)")
			elif $line | startswith("#") then .
			else
				($line | split("=")) as $parts |
				(if ($parts | length) == 1 then "true" else $parts[1:] | join("=") end) as $value |
				reduce (["feature", "label"] - .skip)[] as $kind (.; .[$kind][$parts[0]] = $value) |
				.skip = []
			end)
	end;

def number(of):
	if test("^[+-]?[0-9]+$") then tonumber else error("not a number: \(.) of \(of)") end;

def holds($value; $expression):
	($expression.value // []) as $values |
	if ($expression | has("type")) then unknown("type")
	elif $expression.op == "Exists" then $value != null
	elif $expression.op == "DoesNotExist" then $value == null
	elif $value == null then false
	elif $expression.op == "In" then $values | index($value) != null
	elif $expression.op == "NotIn" then $values | index($value) == null
	elif $expression.op == "IsTrue" then $value == "true"
	elif $expression.op == "IsFalse" then $value == "false"
	elif $expression.op | IN("Gt", "Ge", "Lt", "Le") then
		if ($values | length) != 1 then error("\($expression.op) takes one value") else
			($value | number("the feature")) as $left | ($values[0] | number("the rule")) as $right |
			if $expression.op == "Gt" then $left > $right
			elif $expression.op == "Ge" then $left >= $right
			elif $expression.op == "Lt" then $left < $right
			else $left <= $right end
		end
	else unknown("op \($expression.op)")
	end;

# matches: all expressions of all terms
def matches($features):
	if keys - ["name", "labels", "extendedResources", "matchFeatures"] != [] then unknown(keys | tojson) else
		all(.matchFeatures[]; . as $term | $features[$term.feature | ascii_downcase] as $set |
			if keys - ["feature", "matchExpressions"] != [] then unknown(keys | tojson) else
				$set != null and
				all($term.matchExpressions | to_entries[]; holds($set[.key]; .value))
			end)
	end;

# resolved: "@domain.feature.element" by its value; dropped if there is none
def resolved($features):
	with_entries(.value |= (
		if startswith("@") then
			(.[1:] | split(".")) as $parts | $features[$parts[0:2] | join(".")][$parts[2:] | join(".")]
		else . end)) | with_entries(select(.value != null));

# What the API server would refuse, nfd-master drops.
def is_name: test("^([a-z0-9]([a-z0-9.-]*[a-z0-9])?/)[A-Za-z0-9]([A-Za-z0-9_.-]{0,61}[A-Za-z0-9])?$");
def is_ours: test("^feature\\.node\\.kubernetes\\.io/|^[^/]*\\.feature\\.node\\.kubernetes\\.io/");
def is_allowed: is_name and (is_ours or (test("^([^/]*\\.)?kubernetes\\.io/") | not));
def is_label: . == "" or test("^[A-Za-z0-9]([A-Za-z0-9_.-]{0,61}[A-Za-z0-9])?$");
def is_quantity: test("^[0-9]+([EPTGMk]i?|m)?$");

# A rule that fails makes nothing; the others do. Names without a prefix get the default one.
parse as $file | {"local.feature": $file.feature, "local.label": $file.label} as $features |
[$rule.spec.rules[] | select(try matches($features) catch (if startswith("nfd.jq") then error(.) else false end))] |
{
	labels: ([{labels: $file.label}] + . | map(.labels // {}) | add | resolved($features) |
		with_entries(.key |= if contains("/") then . else "feature.node.kubernetes.io/" + . end) |
		with_entries(select((.key | is_allowed) and (.value | is_label)))),
	extendedResources: (map(.extendedResources // {}) | add // {} | resolved($features) |
		with_entries(.key |= if contains("/") then . else "feature.node.kubernetes.io/" + . end) |
		with_entries(select((.key | is_allowed) and (.value | is_quantity))))
}
