# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash disable=SC2034,SC2154 # the parts of lab share variables
# What every part of the lab uses: messages, the cache and its layers.

lab_tree=$(cd "$lab_dir/../.." && pwd -P)
lab_cache=${XDG_CACHE_HOME:-${HOME:-$(cd ~ && pwd)}/.cache}/nk-cni/lab

say() {
	printf 'lab: %s\n' "$*" >&2
}

# Ends lab with the status of a VM that did not do its work, which no test result can be taken for.
die() {
	say "$@"
	exit 125
}

# Prints the words of a list file: one per line, "#" begins a comment.
read_list() {
	sed -e 's/#.*//' -e '/^[[:space:]]*$/d' "$1"
}

# Prints a short hash of its arguments, where each file counts by its content.
key_of() {
	local input
	for input in "$@"; do
		if [[ -f $input ]]; then
			cat -- "$input"
		else
			printf '%s\n' "$input"
		fi
	done | sha256sum | cut -c1-12
}

# Two labs at once must not build into each other. Commands that outlive the lock close fd 9.
lock_cache() {
	mkdir -p "$lab_cache/tmp" "$lab_cache/log" || true
	if [[ ! -w $lab_cache/tmp ]]; then
		die "cannot write to the cache $lab_cache: is it root's, after a run by sudo?" \
			"Remove it, or name another place by XDG_CACHE_HOME=DIRECTORY."
	fi
	exec 9>"$lab_cache/lock"
	if ! flock --nonblock 9; then
		say "waiting for another lab that is building in $lab_cache"
		flock --wait 1800 9 || die "$lab_cache/lock is still held after 30 minutes"
	fi
	# We hold the lock, so whatever lies here is left from a build that was interrupted.
	rm -rf "$lab_cache"/tmp/*
}

unlock_cache() {
	exec 9>&-
}

# Runs a command with its output in a log, and says what it does and how long it took.
# The command's status is left in $step_status, as "if step ..." would switch off its set -e.
step() {
	local what=$1 log=$2 start=$SECONDS
	shift 2

	printf 'lab: %s ...' "$what" >&2
	set +e
	(
		set -e
		"$@"
	) >"$log" 2>&1 </dev/null
	step_status=$?
	set -e
	if ((step_status)); then
		printf ' failed after %d s\n' $((SECONDS - start)) >&2
	else
		printf ' %d s\n' $((SECONDS - start)) >&2
	fi
}

show_tail() {
	tail -n "${2:-25}" "$1" | sed 's/^/    | /' >&2
}

# Prints the file that has the output of the making of a layer.
layer_log() {
	echo "$lab_cache/log/${1/\//-}"
}

# A layer is a directory of the cache, named by its inputs, which exists only when it is complete.
# Calls BUILDER DIRECTORY ARGS... to fill a temporary directory, which is then renamed.
# $step_status is 0 when the layer is there.
try_layer() {
	local name=$1 what=$2 builder=$3
	local layer=$lab_cache/$name new
	shift 3

	step_status=0
	if [[ -d $layer ]]; then
		touch "$layer"
		return
	fi
	new=$(mktemp -d "$lab_cache/tmp/XXXXXX")
	chmod 755 "$new"
	step "$what" "$(layer_log "$name")" "$builder" "$new" "$@"
	if ((step_status == 0)); then
		mkdir -p "${layer%/*}"
		touch "$new" # a package unpacked there has set the time of its own "./"
		mv -T "$new" "$layer"
		forget_old "${layer%/*}"
	fi
}

make_layer() {
	try_layer "$@"
	if ((step_status)); then
		show_tail "$(layer_log "$1")"
		die "cannot make the layer $1; the whole log: $(layer_log "$1")"
	fi
}

# Removes what no lab has used for 30 days; a use renews the time stamp.
forget_old() {
	find "$1" -mindepth 1 -maxdepth 1 -mtime +30 -exec rm -rf {} +
}
