# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash disable=SC2034 # the caller's
# host.sh - a host of one's own: namespaces in which a plugin sees and changes nothing of the machine;
# sourced by conform and run

# own_namespaces OPTION...: of unshare; kinds becomes what this machine grants: root's, or those of a user
# namespace. False where it grants none, as to an ordinary user in a chroot.
own_namespaces() {
	kinds=("$@" --mount --propagation private)
	unshare "${kinds[@]}" true 2>/dev/null && return
	kinds+=(--map-root-user)
	unshare "${kinds[@]}" true 2>/dev/null
}

# cover DIRECTORY: what is made in it from now on is in these namespaces alone; what is there stays there
cover() {
	local entry over

	over=$(mktemp -d) && mount -n -t tmpfs -o mode=0755 tmpfs "$over" || return
	for entry in "$1"/*; do
		if [[ -L $entry ]]; then
			cp -P "$entry" "$over"
		elif [[ -d $entry ]]; then
			mkdir "$over/${entry##*/}"
			mount -n --rbind "$entry" "$over/${entry##*/}"
		elif [[ -f $entry ]]; then
			: >"$over/${entry##*/}"
			mount -n --bind "$entry" "$over/${entry##*/}"
		fi
	done
	mount -n --move "$over" "$1" && rmdir "$over"
}

# hide DIRECTORY...: each is an empty one from now on. One that is not there and cannot be made is as good; what
# is made for it is not left on the machine.
hide() {
	local directory

	for directory; do
		[[ -e $directory || ! -w ${directory%/*} ]] || cover "${directory%/*}" || return
		if mkdir -p "$directory" 2>/dev/null || [[ -d $directory ]]; then
			mount -n -t tmpfs -o mode=0755 tmpfs "$directory" || return
		fi
	done
}

# shellcheck disable=SC2154 # work is the caller's
# protect: no plugin can write to the machine's files: to /etc/ld.so.preload, say, where one takes any path for
# its log. Our own go to $work. False where root's files could be written to nevertheless.
protect() {
	mount -n -t tmpfs -o mode=0755 tmpfs "$work" || return
	export TMPDIR=$work
	# In a chroot there may be no mount to make so.
	mount -n -o remount,bind,ro / 2>/dev/null || { mount -n --rbind / / && mount -n -o remount,bind,ro /; } 2>/dev/null
	[[ $EUID != 0 || ! -w /etc ]] || { echo "cannot keep a plugin from writing to /etc" >&2 && return 1; }
}

# unprotect: at the end
unprotect() {
	mount -n -o remount,bind,rw / && umount -n "$work"
} 2>/dev/null
