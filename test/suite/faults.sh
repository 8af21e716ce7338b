#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash disable=SC2034,SC2154 # shared with the runner and the cases
# faults.sh - the words of cases in which one reading system call of nk-cni fails; sourced by them
#
# A point is one call and one error; one in $share is tried. At each one a scenario is armed, its command runs
# with the fault (test/tools/fault), and the outcome is judged:
#   - what lives is as it was: look() of the two bystanders, a Pod with queues and a pair;
#   - a command that fails says so with an error that has code and details, and one that does not fail has
#     done all of its work;
#   - a second, undisturbed command completes it.
# A violation is printed and counted, and the next point starts on a fresh world.

# shellcheck source=test/suite/sliced.sh
source "$suite/sliced.sh"

# The system calls by which nk-cni learns anything.
reading=(bpf recvfrom recvmsg open openat flock getdents64 ioctl read newfstatat fstat stat statfs access faccessat2
	readlink)
errors=(EIO ENOMEM EMFILE EACCES ETIMEDOUT EINTR)

# Files that the loader and libc read for themselves.
foreign='\.so[.0-9]*[">]|/etc/ld\.so|/locale|gconv|/proc/self/auxv|/sys/devices/system/cpu/online'

points=0
total=0
violations=0
shift_by=0

# call COMMAND POD [WORD...]: after these words; what it says into $scratch/said
call() {
	local ifname=nk0

	[[ $2 != pair* ]] || ifname=eth0
	(
		export CNI_COMMAND="$1" CNI_CONTAINERID="c-$2" CNI_NETNS="/run/netns/$2" CNI_PATH="$plugins" \
			CNI_IFNAME="$ifname"
		exec "${@:3}" "$nk" <"$scratch/$2.conf" >"$scratch/said" 2>"$scratch/stderr"
	)
}

# look [OPTION...]: all that lives
look() {
	tools/look --dev ln0 --bpffs "$bpffs" --networks "$networks" --pods alive,pair,p1,pair1 "$@"
}

# says_why: is what the command said an error with code and details?
says_why() {
	local said

	said=$(<"$scratch/said")
	[[ $said =~ \"code\":[[:space:]]*[1-9] && $said =~ \"details\":[[:space:]]*\"[^\"] ]]
}

# violation WHAT: at the point at hand
violation() {
	violations=$((violations + 1))
	echo "VIOLATION: $scenario, $name call $number, $error: $1"
	echo "  said: $(tr -d '\n\t' <"$scratch/said" | cut -c1-400)"
	echo "  stderr: $(head -3 "$scratch/stderr" | cut -c1-300)"
	echo "  the call: $(sed -n "${number}p" "$scratch/trace-$scenario" | cut -c1-200)"
	[[ ! -s $scratch/diff ]] || grep '^[<>]' "$scratch/diff" | head -12 | cut -c1-160
	dirty=1
}

# is STATE WHAT: a violation if the world is not so
is() {
	look --same "$scratch/$1" >"$scratch/now" || {
		diff "$scratch/$1" "$scratch/now" >"$scratch/diff" || true
		violation "$2"
		rm -f "$scratch/diff"
	}
}

# undisturbed COMMAND POD: must succeed
undisturbed() {
	call "$1" "$2" || violation "an undisturbed $1 after it failed"
}

# --- the scenarios: arm_* before each point, judge_* after it, with the status in $status --------

bystanders() {
	[[ -d $work/pause ]] || {
		mkdir "$work/pause"
		mount -t bpf bpf "$work/pause"
	}
	rm -rf "$networks"
	nic
	pods alive pair p1 pair1
	conf_of alive "10.7.0.9/24" 02:00:00:00:00:09 '"count":1,"pool":"4-7"'
	conf_of p1 "10.7.0.2/24" 02:00:00:00:00:02 '"count":1,"pool":"4-7"'
	pair_conf '.forwarding = false | .ipam.ranges = [[{subnet: "10.1.0.0/24"}]] | del(.ipam.routes)
		| .mac = "02:00:00:00:00:0a" | .dad = false' | tee "$scratch/pair.conf" >"$scratch/pair1.conf"
	call ADD alive || die "ADD alive: $(<"$scratch/said")"
	call ADD pair || die "ADD pair: $(<"$scratch/said")"
	call ADD p1 && call DEL p1 && call ADD pair1 && call DEL pair1 # once before, for netns ids
	look >"$scratch/before"
	dirty=""
}

# conf_of POD ADDRESS MAC QUEUES
conf_of() {
	echo "{\"cniVersion\":\"1.1.0\",\"name\":\"lab\",\"type\":\"nk-cni\",\"master\":\"ln0\"," \
		"\"queues\":{$4},\"rss\":{\"keep\":false},\"mac\":\"$3\"," \
		"\"steering\":[{\"match\":\"mac\"},{\"match\":\"ip\"}],\"runtimeConfig\":{\"ips\":[\"$2\"]}}" \
		>"$scratch/$1.conf"
}

# with_result POD: its configuration as DEL and CHECK get it
with_result() {
	local conf

	conf=$(<"$scratch/$1.conf")
	[[ $conf == *prevResult* ]] ||
		echo "${conf%\}},\"prevResult\":$(<"$scratch/said")}" >"$scratch/$1.conf"
}

forget_result() {
	local conf

	conf=$(<"$scratch/$1.conf")
	[[ $conf != *',"prevResult"'* ]] || echo "${conf%%,\"prevResult\"*}}" >"$scratch/$1.conf"
}

arm_add() {
	forget_result "$subject"
}

judge_add() {
	if ((status)); then
		says_why || violation "ADD failed without an error"
		is before "ADD failed and left something, or took something away"
		undisturbed ADD "$subject"
	fi
	undisturbed DEL "$subject"
	is before "it is not all gone after the DEL"
}

arm_del() {
	forget_result "$subject"
	call ADD "$subject" || die "ADD $subject: $(<"$scratch/said")"
	with_result "$subject"
}

judge_del() {
	if ((status)); then
		says_why || violation "DEL failed without an error"
		undisturbed DEL "$subject"
		is before "it is not all gone after a second DEL"
	else
		is before "DEL succeeded and left something, or took something away"
	fi
}

arm_check() {
	[[ -e $scratch/checked && -z $dirty ]] || {
		arm_del
		look >"$scratch/checked"
	}
}

judge_check() {
	if ((status)); then
		says_why || violation "CHECK failed without an error"
		undisturbed CHECK "$subject"
	fi
	is checked "CHECK has changed something"
}

# A Pod that died without a DEL.
arm_gc() {
	ip netns add dead
	sed 's/10.7.0.2/10.7.0.3/; s/:02"/:03"/' "$scratch/p1.conf" >"$scratch/dead.conf"
	forget_result dead
	call ADD dead || die "ADD dead: $(<"$scratch/said")"
	ip netns del dead
	await "its lease to end" one_lease
}

judge_gc() {
	if ((status)); then
		says_why || violation "GC failed without an error"
		undisturbed GC p1
	fi
	is before "GC has left what is dead, or taken what lives"
}

arm_sweep() {
	arm_gc
	forget_result p1
}

# A sweep that failed does not fail the ADD, but is told.
judge_sweep() {
	if ((status)); then
		says_why || violation "ADD failed without an error"
	elif [[ $(claims) -gt 2 && ! -s $scratch/stderr ]]; then
		violation "the sweep left what is dead, and nothing says so"
	fi
	((!status)) || undisturbed ADD p1
	undisturbed DEL p1
	undisturbed GC p1
	is before "it is not all gone after ADD, DEL and GC"
}

arm_list() {
	: >"$scratch/listed"
	"$nk" list >"$scratch/listed"
}

judge_list() {
	if ((status)); then
		[[ -s $scratch/stderr ]] || violation "list failed and says nothing"
	else
		diff "$scratch/listed" "$scratch/said" >"$scratch/diff" ||
			[[ -s $scratch/stderr ]] || violation "list is not as without the fault, and says nothing"
	fi
	is before "list has changed something"
}

run_command() {
	case $scenario in
	add* | sweep) call ADD "$subject" "$@" ;;
	del*) call DEL "$subject" "$@" ;;
	check*) call CHECK "$subject" "$@" ;;
	gc) call GC p1 "$@" ;;
	list) list_with "$@" ;;
	esac
}

list_with() {
	"$@" "$nk" list >"$scratch/said" 2>"$scratch/stderr"
}

# fresh_world: after a violation
fresh_world() {
	clean
	bystanders
	rm -f "$scratch/checked"
}

# one_point: name, number and error are set
one_point() {
	points=$((points + 1))
	[[ -z $dirty ]] || fresh_world
	"arm_${scenario%_*}"
	status=0
	run_command tools/fault "$work/pause" "$name" "$number" "$error" || status=$?
	"judge_${scenario%_*}"
}

# at_each_call SCENARIO SUBJECT: the points of its command, more than "least" of them
at_each_call() {
	local scenario=$1 subject=$2 name number=0 error line turn=0 status

	[[ -z $dirty ]] || fresh_world
	"arm_${scenario%_*}"
	run_command strace -qq -y -o "$scratch/trace-$scenario" -e signal=none || die "$scenario without a fault: $(<"$scratch/said")"
	status=0
	"judge_${scenario%_*}"
	while read -r line; do
		number=$((number + 1))
		name=${line%%(*}
		[[ " ${reading[*]} " == *" $name "* && ! $line =~ $foreign ]] || continue
		for error in "${errors[@]}"; do
			turn=$((turn + 1))
			(((turn + shift_by + shard) % share == 0)) || continue
			one_point
		done
	done <"$scratch/trace-$scenario"
	[[ $turn -gt ${least:-50} ]] || die "only $turn points were found"
	total=$((total + turn))
	progress "$scenario: $points of $total points, $violations violations"
	shift_by=$((shift_by + 1))
	[[ $scenario != check* ]] || {
		undisturbed DEL "$subject"
		rm -f "$scratch/checked"
	}
}

# points_are_clean: the verdict
points_are_clean() {
	umount "$work/pause"
	rmdir "$work/pause"
	echo "note: $points of $total points, $violations violations"
	((violations == 0))
}
