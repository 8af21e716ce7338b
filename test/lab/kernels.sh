# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash disable=SC2034,SC2154 # the parts of lab share variables
# Which kernel the lab boots: asks the mirror, remembers the answer for a day, and falls back to
# an older one when the lab NIC does not build on the newest.

newest_suites=(trixie-backports forky sid)
oldest_newest=7.1	# netkit single devices with leased queues came with it

# Prints "ABI SUITE" of each kernel >= 7.1 in SUITE that has an image and headers, newest first.
list_newest() {
	local suite=$1 names version

	mapfile -t names < <(apt_in "$suite" apt-cache pkgnames linux- |
		grep -E '^linux-(image|headers)-[0-9][0-9.]*(\+[a-z0-9]+)?-amd64$')
	# madison leaves out names that only other packages mention.
	apt_in "$suite" apt-cache madison "${names[@]}" | cut -d'|' -f1 | tr -d ' ' | sort -u |
		sed -E 's/^linux-(image|headers)-//' | sort | uniq -d | sort -rV |
		while read -r version; do
			if dpkg --compare-versions "$version" ge "$oldest_newest"; then
				echo "$version $suite"
			fi
		done
}

# Prints "ABI SUITE" of the kernel that Debian 13 itself installs.
list_stock() {
	apt_closure "$base_suite" linux-image-amd64/trixie |
		sed -n "s/^linux-image-\([0-9][^ ]*\) .*/\1 $base_suite/p"
}

# Sets $found to the kernels of KIND, empty when the mirror cannot be asked.
ask_mirror() {
	local kind=$1 suite suites=("$base_suite")

	found=
	if [[ $kind == newest ]]; then
		suites=("${newest_suites[@]}")
	fi
	for suite in "${suites[@]}"; do
		apt_update "$suite"
		if ((step_status)); then
			return
		fi
		found=$("list_$kind" "$suite")
		if [[ $found ]]; then
			return
		fi
	done
	die "the mirror $MIRROR has no $kind kernel with headers in: ${suites[*]}"
}

# A part of the key of every layer that is made of packages.
unpack_key=$(declare -f fetch_and_unpack)$unpack_script

# Sets $kernel and $headers to the layers of the kernel $abi.
name_layers() {
	kernel=kernel/$abi-$(key_of "$(declare -f make_kernel unpack_image)$unpack_key")
	headers=headers/$abi-$(key_of "$(declare -f make_headers)$unpack_key")
}

# Prints those lines "ABI SUITE" of a list whose layers are in the cache.
list_cached() {
	local abi suite kernel headers

	while read -r abi suite; do
		name_layers
		if [[ -d $lab_cache/$kernel && ($1 == stock || -d $lab_cache/$headers) ]]; then
			echo "$abi $suite"
		fi
	done
}

# Sets $kernels to the lines "ABI SUITE" of KIND in order of preference, from the mirror or,
# for a day, from the cache.
find_kernels() {
	local kind=$1 list=$lab_cache/kernels.$1 found

	if [[ ${LAB_REFRESH:-0} == 0 && $(find "$list" -mtime -1 2>/dev/null) ]]; then
		kernels=$(cat "$list")
		return
	fi
	ask_mirror "$kind"
	if [[ $found ]]; then
		printf '%s\n' "$found" >"$lab_cache/tmp/kernels"
		mv "$lab_cache/tmp/kernels" "$list"
	elif [[ -f $list ]]; then
		found=$(list_cached "$kind" <"$list")
	fi
	if [[ ! $found ]]; then
		need_mirror "$base_suite" "a $kind kernel"
	elif ((step_status)); then
		say "the mirror does not answer: using a $kind kernel of the cache," \
			"from the list of $(date -r "$list" '+%F %R')"
	fi
	kernels=$found
}

# Sets $kernels to the kernel of that ABI, from the cache or from the suite that has it.
find_named_kernel() {
	local abi=$1 suite

	kernels=$(printf '%s\n' "${newest_suites[@]/#/"$abi "}" | list_cached newest | head -n 1)
	if [[ $kernels ]]; then
		return
	fi
	for suite in "${newest_suites[@]}"; do
		need_mirror "$suite" "the kernel $abi (LAB_KERNEL)"
		if grep -qFx "$abi $suite" <<<"$(list_newest "$suite")"; then
			kernels="$abi $suite"
			return
		fi
	done
	die "LAB_KERNEL=$abi: the mirror $MIRROR has no linux-image-$abi and linux-headers-$abi" \
		">= $oldest_newest in: ${newest_suites[*]}"
}

# Sets $nic to the layer of the lab NIC for the kernel $abi, or to nothing when it does not build.
# That is the kernel's fault only if no earlier version of the NIC was built on it: otherwise
# somebody edits the NIC, and another kernel would hide the mistake.
try_nic() {
	local log

	nic=nic/$abi-$(key_of "$lab_dir"/nic/{Kbuild,*.[ch]} \
		"$(declare -f make_nic build_module)")
	log=$(layer_log "$nic")
	if [[ ! -f $lab_cache/$nic.failed ]]; then
		try_layer "$nic" "building the lab NIC for $abi" make_nic "$abi"
		if ((step_status == 0)); then
			return
		fi
		show_tail "$log"
		if [[ ${LAB_KERNEL:-} ]] || compgen -G "$lab_cache/nic/$abi-*/" >/dev/null; then
			die "test/lab/nic does not build for $abi; the whole log: $log"
		fi
		mkdir -p "$lab_cache/nic"
		cp "$log" "$lab_cache/$nic.failed"
	fi
	say "WARNING: the lab NIC does not build for the newest kernel $abi," \
		"trying the next older one; log: $lab_cache/$nic.failed"
	nic=
}

# Sets $abi, $suite, $kernel, $headers and $nic, and makes the layers of that kernel.
choose_kernel() {
	local kind=$1 kernels

	nic=
	if [[ $kind == newest && ${LAB_KERNEL:-} ]]; then
		find_named_kernel "$LAB_KERNEL"
	else
		find_kernels "$kind"
	fi
	while read -r abi suite <&3; do
		name_layers
		make_debian_layer "$kernel" "getting the kernel $abi" "$suite" \
			make_kernel "$abi" "$suite"
		if [[ $kind == stock ]]; then
			return
		fi
		if ! grep -q '^CONFIG_NETKIT=' "$lab_cache/$kernel/config"; then
			die "Debian's kernel $abi is built without netkit (CONFIG_NETKIT)"
		fi
		make_debian_layer "$headers" "getting the headers and the compiler of $abi" \
			"$suite" \
			make_headers "$abi" "$suite"
		if [[ ! -f $lab_dir/nic/Kbuild ]]; then
			say "no lab NIC: test/lab/nic/Kbuild does not exist"
			return
		fi
		try_nic
		if [[ $nic ]]; then
			return
		fi
	done 3<<<"$kernels"
	die "the lab NIC builds on none of these kernels of $MIRROR:" \
		"$(cut -d' ' -f1 <<<"$kernels" | tr '\n' ' ')"
}

# Makes the layer $netdevsim, or sets it to nothing: that it is not to be had is no error here.
try_netdevsim() {
	netdevsim=netdevsim/$abi-$(key_of "$(declare -f make_netdevsim unpack_linux build_module)")
	if [[ ! -d $lab_cache/$netdevsim ]]; then
		apt_update "$suite"
	fi
	try_layer "$netdevsim" "building netdevsim from the kernel's source, 167 MB" \
		make_netdevsim "$abi" "$suite"
	if ((step_status)); then
		show_tail "$(layer_log "$netdevsim")" 5
		say "no netdevsim for $abi: its source is not to be had, or does not build"
		netdevsim=
	fi
}
