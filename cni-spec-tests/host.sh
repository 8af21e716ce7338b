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

# hide DIRECTORY...: each is an empty one from now on. One that is not there and cannot be made is as good.
hide() {
	local directory

	for directory; do
		if mkdir -p "$directory" 2>/dev/null || [[ -d $directory ]]; then
			mount -t tmpfs -o mode=0755 tmpfs "$directory" || return
		fi
	done
}
