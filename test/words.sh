# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash disable=SC2034,SC2154 # for those who source it
# words.sh - the words that all tests inside the lab share, and how a case is judged; sourced by
# test/suite/run and test/lab/nic/test.sh
#
# World of a case: a freshly loaded lab NIC, ln0, wired to ln1; network namespaces; an empty bpffs.
# A process costs 30 ms and more here, jq and awk the double: what is done often does without.

bpffs=/sys/fs/bpf
near=02:6c:6e:00:00:00 # MAC of ln0
far=02:6c:6e:00:00:01  # of ln1
declare -A pid=()      # of the programs started, by name
wanted=()              # words; only cases whose title has one of them are run
passed=0
failed=0

# The lines by which a kernel says that something is wrong.
trouble='WARNING:|BUG:|Oops|Call Trace|Unable to handle|refcount_t|hung|to become free'

die() {
	echo "$*" >&2
	exit 1
}

# same WHAT GOT WANT
same() {
	[[ $2 == "$3" ]] || die "$1: got '$2', want '$3'"
}

# has WHAT TEXT PART...: TEXT contains each part
has() {
	local what=$1 text=$2 part
	shift 2

	for part; do
		[[ $text == *"$part"* ]] || die "$what: no '$part' in: $text"
	done
}

# await WHAT COMMAND...: waits until the command succeeds, about 10 s at most
await() {
	local what=$1 tries
	shift

	for ((tries = 0; tries < 500; tries++)); do
		if "$@" &>/dev/null; then
			return
		fi
		read -rt 0.02 -u "$silence" || true
	done
	die "waited 10 s for $what: $*"
}

# --- cases ------------------------------------------------------------------------------------

# begin PROGRAM...: once; copies the test programs to memory, for the tree's file system is slow.
# No IPv6 here: its own frames would be counted, and its addresses change by themselves.
begin() {
	work=$(mktemp -d)
	trap 'rm -rf "$work"' EXIT
	mkdir "$work/tools"
	cp "$@" "$work/tools/"
	cd "$work" || exit 2
	exec {silence}<> <(:)
	clean
	dmesg --clear
}

# ipv6 on|off
ipv6() {
	sysctl -q net.ipv6.conf.{all,default}.disable_ipv6="$([[ $1 == on ]] && echo 0 || echo 1)"
}

# clean: all that a case may leave behind
clean() {
	local left

	[[ $(</proc/mounts) == *" $bpffs bpf "* ]] || mount -t bpf bpf "$bpffs"
	left=(/run/netns/*)
	[[ ! -e ${left[0]} ]] || ip -all netns delete
	[[ ! -d /sys/module/labnic ]] || rmmod labnic
	[[ ! -e /sys/class/net/ln0 ]] || ip link del ln0 # a veth in its place
	[[ $(</proc/sys/net/ipv6/conf/all/disable_ipv6) == 1 ]] || ipv6 off
	left=("$bpffs"/*)
	[[ ! -e ${left[0]} ]] || rm -rf "${left[@]}"
	[[ ! -e /run/nk-cni ]] || rm -rf /run/nk-cni
}

# end_case: before the shell of a case ends: if it failed, what its programs said on stderr and the
# NIC's counters; then its jobs, also those that it stopped
end_case() {
	local status=$? jobs device

	if ((status)); then
		cat "$scratch"/*.err 2>/dev/null || true
		for device in ln0 ln1; do
			ethtool -S "$device" 2>/dev/null | grep -v ': 0$' || true
		done
	fi
	jobs=$(jobs -p)
	if [[ $jobs ]]; then
		# shellcheck disable=SC2086 # one word each
		kill -CONT $jobs 2>/dev/null || true
		# shellcheck disable=SC2086
		kill $jobs 2>/dev/null || true
		wait || true
	fi
	return "$status"
}

# is_wanted TITLE
is_wanted() {
	local word

	for word in "${wanted[@]}"; do
		[[ $1 != *"$word"* ]] || return 0
	done
	((${#wanted[@]} == 0))
}

# judge TITLE FUNCTION: runs the case in a shell of its own, with a directory "scratch" of its own,
# cleans up, looks at the kernel's log, and prints whether the title is true. Lines "note: ..." that
# the case printed are shown with it.
judge() {
	local title=$1 case=$2 begun=${EPOCHREALTIME/./} status log line tenths notes=()

	is_wanted "$title" || return 0
	scratch=$work/$((passed + failed))
	mkdir "$scratch"
	(
		set -e
		trap end_case EXIT
		"$case"
	) >"$work/said" 2>&1
	status=$?
	clean >>"$work/said" 2>&1 || status=$?
	dmesg --read-clear >"$work/log"
	log=$(<"$work/log")
	if [[ $log =~ $trouble ]]; then
		status=1
		echo "$log" >>"$work/said"
	fi
	tenths=$(((${EPOCHREALTIME/./} - begun) / 100000))
	title+=" ($((tenths / 10)).$((tenths % 10)) s)"
	if ((status)); then
		failed=$((failed + 1))
		echo "not ok - $title"
		sed 's/^/    | /' "$work/said"
		return
	fi
	passed=$((passed + 1))
	while read -r line; do
		[[ $line != "note: "* ]] || notes+=("[${line#note: }]")
	done <"$work/said"
	echo "ok - $title${notes[*]:+ ${notes[*]}}"
}

# end: the counts; false if a case failed, or none was run
end() {
	((passed + failed)) || echo "no case has any of these words: ${wanted[*]}" >&2
	echo "$passed passed, $failed failed, 0 skipped"
	((failed == 0 && passed > 0))
}

# --- programs ---------------------------------------------------------------------------------

# launch NAME PROGRAM...: in the background, until it says that it is ready
launch() {
	local name=$1
	shift

	rm -f "$scratch/$name" # one of that name before was ready too
	"$@" >"$scratch/$name" 2>"$scratch/$name.err" &
	pid[$name]=$!
	await "$name to be ready" is_ready "$name"
}

# start NAME PROGRAM...: likewise, for programs that wait for frames beyond those expected
start() {
	launch "$@" --idle-ms 100
}

is_ready() {
	[[ -s $scratch/$1 && $(<"$scratch/$1") == ready* ]]
}

# last NAME: the JSON object that it printed last
last() {
	local line json=""

	while read -r line; do
		json=$line
	done <"$scratch/$1"
	echo "$json"
}

# finish NAME: waits for it, and fails if it did not get what it was told to expect
finish() {
	wait "${pid[$1]}" || die "$1: status $?: $(last "$1") $(<"$scratch/$1.err")"
}

# stop NAME: by SIGTERM, upon which it prints its result
stop() {
	kill "${pid[$1]}"
	wait "${pid[$1]}" || true
}

# result NAME KEY...: the values of these members of what it printed last, as "N N N"
result() {
	local json key out=()

	json=$(last "$1")
	for key in "${@:2}"; do
		[[ $json =~ \"$key\":([0-9]+|true|false) ]] || die "$1 has no $key: $json"
		out+=("${BASH_REMATCH[1]}")
	done
	echo "${out[*]}"
}

# first COUNT MEMBER JSON: the first numbers of the flat object MEMBER in it, or 0, as "N N N"
first() {
	local count=$1 pairs i out=()

	[[ $3 =~ \"$2\":\{([^}]*)\} ]] || die "no $2: $3"
	IFS=, read -ra pairs <<<"${BASH_REMATCH[1]}"
	for ((i = 0; i < count; i++)); do
		out+=("${pairs[i]+${pairs[i]#*:}}")
		out[i]=${out[i]:-0}
	done
	echo "${out[*]}"
}

# --- the lab NIC ------------------------------------------------------------------------------

link_is_up() {
	[[ $(<"/sys/class/net/$1/operstate") == up ]]
}

up() {
	ip link set ln0 up
	ip link set ln1 up
	await "the link" link_is_up ln0
	await "the link" link_is_up ln1
}

# nic [PARAMETER...]: load it, both ends up; "quirks" are more parameters, for a case as a whole
nic() {
	# shellcheck disable=SC2086 # words
	insmod "$LABNIC_KO" "$@" ${quirks:-}
	up
}

# leases [NIC]: how many of its queues are leased
leases() {
	local rows

	rows=$(tools/netdev queues --dev "${1:-ln0}")
	rows=${rows//\'lease\'/$'\1'}
	rows=${rows//[!$'\1']/}
	echo ${#rows}
}

# queues_of NIC: how many rx queues it uses
queues_of() {
	local queues=("/sys/class/net/$1/queues/rx-"*)

	echo "${#queues[@]}"
}

# steer QUEUE: every frame with an IP header goes there
steer() {
	local i weights=()

	for ((i = 0; i < $1; i++)); do
		weights+=(0)
	done
	ethtool -X ln0 weight "${weights[@]}" 1
}

# read_rss: RSS table and key of ln0 into $table, an array, and $key
read_rss() {
	local line entries

	table=()
	while read -r line; do
		case $line in
		*:*:*)
			key=$line
			;;
		[0-9]*:*)
			read -ra entries <<<"${line#*:}"
			table+=("${entries[@]}")
			;;
		esac
	done <<<"$(ethtool -x ln0)"
}

# shares: how many entries of the RSS table each queue has
shares() {
	local table key queues entry out=()

	read_rss
	queues=$(queues_of ln0)
	for ((entry = 0; entry < queues; entry++)); do
		out+=(0)
	done
	for entry in "${table[@]}"; do
		((++out[entry]))
	done
	echo "${out[*]}"
}

# --- traffic ----------------------------------------------------------------------------------

# send COUNT FLOWS [OPTION...]: from the far end, to ln0 unless told otherwise
send() {
	local count=$1 flows=$2
	shift 2

	tools/wire send --dev ln1 --dst "$near" --count "$count" --flows "$flows" "$@" >/dev/null
}

# plan COUNT FLOWS [OPTION...]: the frames per queue that the witness computes by its own Toeplitz
# from the kernel's RSS table and key, as "N N N" for all queues in use
plan() {
	local count=$1 flows=$2 table key json
	shift 2

	read_rss
	json=$(tools/wire plan --count "$count" --flows "$flows" "$@" \
		--key "$key" --indir "$(IFS=, && echo "${table[*]}")")
	first "$(queues_of ln0)" frames "$json"
}

# recorded NAME: the frames per queue that `wire recv --per-queue` found recorded, as plan says it
recorded() {
	first "$(queues_of ln0)" per_queue "$(last "$1")"
}

# read_counters NIC: ethtool -S into the array $value
read_counters() {
	local name number

	value=()
	while read -r name number; do
		value[${name%:}]=$number
	done <<<"$(ethtool -S "$1")"
}

# counter NIC NAME...: sum of these counters of ethtool -S
counter() {
	local device=$1 name sum=0
	declare -A value
	shift

	read_counters "$device"
	for name; do
		((sum += ${value[$name]?$device has no counter $name}))
	done
	echo "$sum"
}
