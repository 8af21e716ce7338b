# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash disable=SC2034,SC2154 # the parts of lab share variables
# Debian packages without touching the host's own apt: indexes, downloads, unpacking.

: "${MIRROR:=http://deb.debian.org/debian}"
apt_keyring=/usr/share/keyrings/debian-archive-keyring.gpg
declare -A apt_answer=()	# what the mirror said for a suite, as it is asked only once

# Prints the lines of sources.list for SUITE: backports come with the suite they are made for.
# SUITE-source is its source packages and nothing else: who needs none must not fetch their list.
sources_of() {
	local type=deb suite suites=$1

	case $1 in
	*-backports) suites="${1%-backports} $1" ;;
	*-source) type=deb-src suites=${1%-source} ;;
	esac
	for suite in $suites; do
		echo "$type [signed-by=$apt_keyring] $MIRROR $suite main"
	done
}

# Prints the directory of the private apt for SUITE and $apt_arch. Mirrors do not share one, as a failed update
# takes away the package lists.
apt_dir() {
	echo "$lab_cache/apt/$1-$(key_of "$MIRROR" ${apt_arch:+"$apt_arch"})"
}

# Writes the configuration of a private apt for SUITE, with nothing installed. Of the host's own
# configuration, which would override it, only the ways to reach a mirror (proxies) are kept.
apt_configure() {
	local dir

	dir=$(apt_dir "$1")
	mkdir -p "$dir"/{empty.d,state/lists/partial} "$lab_cache/apt/archives/partial"
	: >"$dir/state/status"
	sources_of "$1" >"$dir/sources.list"
	apt-config dump | sed -n '/^Acquire::https\?::/p' >"$dir/apt.conf"
	cat >>"$dir/apt.conf" <<-END
		Dir::Etc::main "/dev/null";
		Dir::Etc::parts "$dir/empty.d";
		Dir::Etc::sourcelist "$dir/sources.list";
		Dir::Etc::sourceparts "$dir/empty.d";
		Dir::Etc::preferences "/dev/null";
		Dir::Etc::preferencesparts "$dir/empty.d";
		Dir::State "$dir/state";
		Dir::State::status "$dir/state/status";
		Dir::Cache "$dir";
		Dir::Cache::archives "$lab_cache/apt/archives";
		APT::Architecture "${apt_arch:-amd64}";
		APT::Architectures { "${apt_arch:-amd64}"; };
		APT::Install-Recommends "false";
		APT::Sandbox::User "";
		APT::Default-Release "${1%-source}";
		Acquire::Languages "none";
		Acquire::Retries "2";
		Acquire::http::Timeout "30";
		// A mirror that is behind, or a snapshot, is good enough for a virtual machine.
		Acquire::Check-Valid-Until "false";
	END
}

# apt_in SUITE COMMAND ARGS...: an apt command on that suite alone.
apt_in() {
	local suite=$1
	shift
	APT_CONFIG=$(apt_dir "$suite")/apt.conf timeout 1200 "$@"
}

# Asks the mirror for the package lists of SUITE. $step_status is 0 when it gave them.
apt_update() {
	if [[ ! ${apt_answer[$1]:-} ]]; then
		apt_configure "$1"
		step "asking $MIRROR for the package lists of $1" \
			"$lab_cache/log/apt-update-$1" \
			apt_in "$1" apt-get --error-on=any --quiet update
		apt_answer[$1]=$step_status
	fi
	step_status=${apt_answer[$1]}
}

# Ends lab when the mirror does not answer; WHAT cannot be made without it.
need_mirror() {
	local suite=$1 what=$2

	apt_update "$suite"
	if ((step_status)); then
		show_tail "$lab_cache/log/apt-update-$suite" 5
		die "$what is not in the cache ($lab_cache), and the Debian mirror $MIRROR does" \
			"not give the suite $suite. Connect this machine, or name another mirror" \
			"by MIRROR=URL."
	fi
}

# make_layer, for a layer that is made of packages of the SUITES, words of one argument.
make_debian_layer() {
	local layer=$1 suite

	if [[ ! -d $lab_cache/$layer ]]; then
		for suite in $3; do
			need_mirror "$suite" "$layer"
		done
	fi
	make_layer "$layer" "$2" "${@:4}"
}

# apt_closure SUITE PACKAGE...: prints "name version" of the packages and all they depend on.
apt_closure() {
	local suite=$1
	shift
	apt_in "$suite" apt-get --simulate install "$@" |
		sed -n 's/^Inst \([^ ]*\) (\([^ ]*\).*/\1 \2/p'
}

# Unpacks one package, without its documentation and without modules for hardware that a virtual
# machine does not have: half of a kernel's modules, which take 10 s to unpack and to index.
# shellcheck disable=SC2016 # expanded by the shell that xargs starts
unpack_script='dpkg-deb --fsys-tarfile "$2" | tar -x -C "$1" --numeric-owner \
	--exclude="./usr/share/"{doc,man,info,locale}"/*" \
	--exclude="*/kernel/sound/*" --exclude="*/kernel/drivers/net/wireless/*" \
	--exclude="*/kernel/drivers/"{comedi,gpu,hwmon,iio,input,media,mtd,platform,scsi,usb}"/*"'

# fetch_and_unpack SUITE DIRECTORY: reads "name version" lines, downloads these packages and
# unpacks them. Maintainer scripts are not run.
fetch_and_unpack() {
	local suite=$1 dir=$2 packages files

	mapfile -t packages < <(tr ' ' '=')
	mkdir -p "$dir"
	# apt-get does not print what lies in the current directory already.
	cd "$dir" || return
	files=$(apt_in "$suite" apt-get --print-uris download "${packages[@]}" | cut -d' ' -f2)
	cd "$lab_cache/apt/archives" || return
	apt_in "$suite" apt-get --quiet download "${packages[@]}"
	# base-files comes first: it brings the links /bin, /lib and /sbin to /usr.
	{
		grep '^base-files_' <<<"$files" || true
	} | xargs -r -n1 bash -eo pipefail -c "$unpack_script" unpack "$dir"
	grep -v '^base-files_' <<<"$files" |
		xargs -r -n1 -P"$(nproc)" bash -eo pipefail -c "$unpack_script" unpack "$dir"
	forget_old .
}

# unpack_source SUITE DIRECTORY PACKAGE: what the authors released of a source package, without
# Debian's changes to it.
unpack_source() {
	local suite=$1 dir=$2 package=$3

	mkdir -p "$dir"
	cd "$dir" || return
	apt_in "$suite-source" apt-get --quiet --download-only --tar-only source "$package"
	tar -x --strip-components=1 -f "$package"_*.orig.tar.*z
}
