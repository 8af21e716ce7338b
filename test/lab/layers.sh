# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash disable=SC2034,SC2154 # the parts of lab share variables
# The layers of the cache, each made by one function from its inputs:
#   kernel/ABI-KEY     image, config, modules              <- the mirror
#   headers/ABI-KEY    headers and the compiler for them   <- the mirror
#   root/KEY           root.ext4                           <- packages, the mirror
#   initrd/ABI-KEY     initrd                              <- init.c, kernel
#   nic/ABI-KEY        labnic.ko                           <- nic/, headers
#   netdevsim/ABI-KEY  netdevsim.ko                        <- linux-source, headers
#   selftests/ABI-KEY  iou-zcrx and ncdevmem, the kernel's <- linux-source, the mirror
#   cni-tools/KEY      cnitool, our own Go programs        <- test/tools/*/main.go, the mirror
#   cni-plugins/KEY    the CNI plugins of Debian 13       <- the mirror
#   dpdk/KEY           file system of a DPDK container     <- packages-dpdk, the mirror
#   managers/KEY       file system with udev, systemd-networkd and NetworkManager
#                                             <- packages-managers, the mirror
#   libvirt/KEY        file system of a KubeVirt launcher <- packages-libvirt, the mirror
#   containerd/KEY     containerd 1.7 and 2.x with runc,    <- cri's source, the mirror
#                      and cri, to call them
#   podman/KEY         podman and crun                      <- the mirror
#   qemu/KEY           QEMU of Debian 13                   <- the mirror
# Every KEY covers the text of the function that makes the layer, too.

# The suite of everything but kernels: Debian 13. The newest kernel is looked for in its
# backports first, so one set of package lists serves both.
base_suite=trixie-backports

# The suite of the CNI plugins and of libcni: those of Debian 13 end at CNI 1.0.0. Also of the newer
# containerd: that of Debian 13 is 1.7.
cni_suite=forky
cni_programs=("$lab_tree"/test/tools/{cni-result,crio-like,multus-like})
cri_source=$lab_tree/test/tools/cri

make_kernel() {
	local dir=$1 abi=$2 suite=$3 packages name

	packages=$(apt_closure "$suite" "linux-image-$abi" | grep '^linux-')
	fetch_and_unpack "$suite" "$dir/tree" <<<"$packages"
	grep "^linux-image-" <<<"$packages" | cut -d' ' -f2 >"$dir/version"
	mkdir -p "$dir/lib/modules"
	mv "$dir/tree/usr/lib/modules/$abi" "$dir/lib/modules/"
	# Debian's packages of Linux 7.3 moved these two from /boot to the modules.
	for name in vmlinuz config; do
		if [[ -f $dir/tree/boot/$name-$abi ]]; then
			mv "$dir/tree/boot/$name-$abi" "$dir/$name"
		else
			mv "$dir/lib/modules/$abi/$name" "$dir/$name"
		fi
	done
	unpack_image "$dir/vmlinuz" "$dir/image"
	rm -rf "$dir/tree" "$dir/vmlinuz"
	depmod -b "$dir" "$abi"
}

# Takes the kernel out of a bzImage, so that QEMU boots it directly (PVH): to unpack itself costs
# a guest under TCG 2 of the 10 seconds of processor time of a boot. The offsets are those of
# Documentation/arch/x86/boot.rst; the last 4 bytes of the payload are its unpacked size.
unpack_image() {
	local bzimage=$1 image=$2 sectors offset length

	sectors=$(od -An -tu1 -j $((0x1f1)) -N 1 "$bzimage")
	read -r offset length < <(od -An -tu4 -j $((0x248)) -N 8 "$bzimage")
	if ! dd if="$bzimage" status=none bs=1M iflag=skip_bytes,count_bytes \
		skip=$(((sectors + 1) * 512 + offset)) count=$((length - 4)) | zstd -qdc >"$image"
	then
		echo "this bzImage is not packed by zstd: the guest will unpack it"
		cp "$bzimage" "$image"
	fi
}

# The packages of the headers depend on the compiler that the kernel was built with.
make_headers() {
	local dir=$1 abi=$2 suite=$3

	apt_closure "$suite" "linux-headers-$abi" make binutils base-files bash dash coreutils \
		sed grep mawk findutils diffutils | fetch_and_unpack "$suite" "$dir"
	ln -s mawk "$dir/usr/bin/awk"
	mkdir -p "$dir/dev" "$dir/proc/self"
	# Not everyone may make a device, or use one in this file system; see build_module.
	if ! mknod -m 666 "$dir/dev/null" c 1 3 || ! : >"$dir/dev/null"; then
		rm -f "$dir/dev/null"
	fi
	# objtool of 7.3 wants to know where its stack is, to explain a crash of its own. Any answer
	# will do, and a file works where a container may not mount the real /proc.
	cp /proc/self/maps "$dir/proc/self/"
}

make_root() {
	local dir=$1 tree=$1/tree packages

	packages=$(read_list "$lab_dir/packages")
	# shellcheck disable=SC2086 # a list of names
	apt_closure "$base_suite" $packages | fetch_and_unpack "$base_suite" "$tree"
	# Without what they depend on: iptables, which is in the list, and an older C library.
	echo containernetworking-plugins | fetch_and_unpack "$cni_suite" "$tree"
	configure_root "$tree"
	# No journal: the image is only ever read. No loop device: root may lack it in a container.
	truncate -s "$(($(du -sk "$tree" | cut -f1) * 5 / 4 + 65536))K" "$dir/root.ext4"
	mkfs.ext4 -q -O ^has_journal -d "$tree" "$dir/root.ext4"
	rm -rf "$tree"
}

# What the maintainer scripts would have done, as far as the lab needs it.
configure_root() {
	local tree=$1 name

	mkdir -p "$tree"/{dev,proc,sys,run,tmp,lab/run,etc}
	cp "$tree/usr/share/base-passwd/passwd.master" "$tree/etc/passwd"
	cp "$tree/usr/share/base-passwd/group.master" "$tree/etc/group"
	ln -sf gawk "$tree/usr/bin/awk"
	for name in {iptables,ip6tables}{,-save,-restore}; do
		ln -sf xtables-nft-multi "$tree/usr/sbin/$name"
	done
	ln -sf /proc/self/mounts "$tree/etc/mtab"
	rm -rf "$tree/var/run"
	ln -s /run "$tree/var/run"
	echo lab >"$tree/etc/hostname"
	printf '127.0.0.1 localhost lab\n::1 localhost\n' >"$tree/etc/hosts"
}

# Prints the files of the modules and of what they depend on, in the order to load them.
list_modules() {
	local abi=$1 module

	shift
	for module in "$@"; do
		modprobe -d "$lab_cache/$kernel" -S "$abi" --show-depends "$module"
	done | sed -n 's/^insmod \(.*\.ko[.a-z]*\) *$/\1/p' | awk '!seen[$0]++'
}

# The modules are unpacked and numbered in their order, as init loads them without any help.
make_initrd() {
	local dir=$1 abi=$2 tree=$1/tree module name number=100

	mkdir -p "$tree"/{dev,proc,sys,lower,upper,root,modules}
	gcc -std=gnu17 -Wall -Wextra -Os -static -o "$tree/init" "$lab_dir/init.c"
	list_modules "$abi" virtio_blk ext4 overlay 9p 9pnet_virtio virtio_net >"$dir/modules"
	while read -r module; do
		number=$((number + 1))
		name=$tree/modules/$number-$(basename "$module" .xz)
		if [[ $module == *.xz ]]; then
			xz -dc "$module" >"$name"
		else
			cp "$module" "$name"
		fi
	done <"$dir/modules"
	(cd "$tree" && find . | cpio --quiet -o -H newc -R 0:0 >"$dir/initrd")
	rm -rf "$tree"
}

# Builds the module in /build of the headers' tree, with the compiler that lies there.
build_module() {
	local abi=$1 tree=$lab_cache/$headers
	shift
	set -- "$tree" /usr/bin/env -i PATH=/usr/bin:/usr/sbin LC_ALL=C make -j"$(nproc)" \
		-C "/usr/src/linux-headers-$abi" M=/build "$@" modules
	if [[ -c $tree/dev/null ]]; then
		chroot "$@"
	else
		# Without a device of its own the tree borrows the host's, in a user namespace.
		# shellcheck disable=SC2016 # expanded by the inner shell
		unshare --map-root-user --mount bash -ec '
			touch "$1/dev/null"
			mount --bind /dev/null "$1/dev/null"
			exec chroot "$@"' build_module "$@"
	fi
}

make_nic() {
	local dir=$1 abi=$2 build=$lab_cache/$headers/build

	rm -rf "$build"
	mkdir "$build"
	cp "$lab_dir"/nic/{Kbuild,*.[ch]} "$build/"
	build_module "$abi"
	cp "$build/labnic.ko" "$dir/"
}

# unpack_linux DIRECTORY ABI SUITE PATH...: these parts of the source of that kernel
unpack_linux() {
	local dir=$1 abi=$2 suite=$3 package
	shift 3

	package=linux-source-$(cut -d. -f1,2 <<<"$abi")
	echo "$package $(cat "$lab_cache/$kernel/version")" | fetch_and_unpack "$suite" "$dir/package"
	tar -x -C "$dir" --strip-components=1 -f "$dir/package/usr/src/$package.tar.xz" "${@/#/$package/}"
	rm -rf "$dir/package" "$lab_cache/apt/archives/$package"_*
}

make_netdevsim() {
	local dir=$1 abi=$2 suite=$3 build=$lab_cache/$headers/build

	rm -rf "$build"
	unpack_linux "$dir" "$abi" "$suite" drivers/net/netdevsim
	mv "$dir/drivers/net/netdevsim" "$build"
	rm -rf "$dir/drivers"
	build_module "$abi" CONFIG_NETDEVSIM=m
	cp "$build/netdevsim.ko" "$dir/"
}

# in_tree TREE COMMAND...: in its root file system, with the host's /dev and /proc
in_tree() {
	# shellcheck disable=SC2016 # expanded by the inner shell
	unshare --map-root-user --mount bash -ec '
		mount --rbind /dev "$1/dev"
		mount --rbind /proc "$1/proc"
		tree=$1
		shift
		exec chroot "$tree" /usr/bin/env -i PATH=/usr/bin LC_ALL=C HOME=/build "$@"
	' in_tree "$@"
}

# The kernel's own tests of io_uring zero copy and devmem, unmodified, by their own Makefile. The user headers
# are those of the same kernel; liburing is of the newer Debian, for that of Debian 13 has no zero copy receive.
# Static, for the root has no liburing. HAS_IOURING_ZCRX is what the Makefile would find out with a linker that
# takes a library before what needs it. ynl_gen_c.py looks upwards for MAINTAINERS, and never ends without it.
make_selftests() {
	local dir=$1 abi=$2 suite=$3 tree=$1/tree tests=tools/testing/selftests

	apt_closure "$base_suite" base-files bash coreutils sed grep mawk findutils make gcc libc6-dev \
		python3 python3-yaml python3-jsonschema | fetch_and_unpack "$base_suite" "$tree"
	echo "linux-libc-dev $(cat "$lab_cache/$kernel/version")" | fetch_and_unpack "$suite" "$tree"
	echo liburing-dev | fetch_and_unpack "$cni_suite" "$tree"
	ln -sf mawk "$tree/usr/bin/awk"
	ln -sf bash "$tree/usr/bin/sh"
	mkdir -p "$tree"/{dev,proc,tmp,build/out}
	unpack_linux "$tree/build" "$abi" "$suite" MAINTAINERS Documentation/netlink include/uapi \
		tools/{net/ynl,scripts} "$tests"/{lib.mk,kselftest.h,kselftest_harness.h,net,drivers/net/hw}
	in_tree "$tree" make -C "/build/$tests/drivers/net/hw" CC=gcc HAS_IOURING_ZCRX=y USERLDFLAGS=-static \
		OUTPUT=/build/out /build/out/iou-zcrx /build/out/ncdevmem
	cp "$tree"/build/out/{iou-zcrx,ncdevmem} "$dir/"
	rm -rf "$tree"
}

# build_go GO GOPATH DIRECTORY PACKAGE...: programs for DIRECTORY, of what lies in GOPATH/src and of
# Go's own library: no module is looked for anywhere.
build_go() {
	local go=$1 path=$2 out=$3
	shift 3

	env -i PATH="$go/usr/bin:/usr/bin" HOME="$path" GOPATH="$path" \
		GO111MODULE=off GOTOOLCHAIN=local GOTELEMETRY=off GOPROXY=off CGO_ENABLED=0 \
		go build -trimpath -ldflags="-s -w" -o "$out" "$@"
}

# Debian has no package of cnitool. Its Go is linked statically, so that it runs on every host.
make_cni_tools() {
	local dir=$1 go=$1/go source=$1/path/src/github.com/containernetworking/cni

	apt_closure "$base_suite" golang-go | fetch_and_unpack "$base_suite" "$go"
	unpack_source "$cni_suite" "$source" golang-github-appc-cni
	cp -r "${cni_programs[@]}" "$dir/path/src/"
	build_go "$go" "$dir/path" "$dir/" github.com/containernetworking/cni/cnitool \
		"${cni_programs[@]##*/}"
	rm -rf "$go" "$dir/path"
}

# Those of Debian 13, older than the root's; without what they depend on, which the root has.
make_cni_plugins() {
	echo containernetworking-plugins | fetch_and_unpack "$base_suite" "$1"
}

# Without what they depend on: they are Go, and run on the C library and libseccomp of the root.
make_containerd() {
	local dir=$1

	printf '%s\n' containerd runc | fetch_and_unpack "$base_suite" "$dir/1.7"
	printf '%s\n' containerd runc | fetch_and_unpack "$cni_suite" "$dir/2"
	make_cri "$dir"
}

# With those of their libraries that the root lacks.
make_podman() {
	printf '%s\n' podman conmon crun netavark golang-github-containers-{common,image} libassuan9 libatomic1 \
		lib{glib2.0-0t64,gpg-error0,gpgme11t64,sqlite3-0,subid5,yajl2} | fetch_and_unpack "$base_suite" "$1"
}

# The CRI's messages as Debian has them. The stubs beside them would want all of gRPC.
make_cri() {
	local dir=$1 go=$1/go path=$1/path

	apt_closure "$base_suite" golang-go | fetch_and_unpack "$base_suite" "$go"
	printf '%s\n' golang-k8s-cri-api-dev golang-google-protobuf-dev |
		fetch_and_unpack "$cni_suite" "$path"
	rm "$path/usr/share/gocode/src/k8s.io/cri-api/pkg/apis/runtime/v1/api_grpc.pb.go"
	cp -r "$cri_source" "$path/usr/share/gocode/src/"
	build_go "$go" "$path/usr/share/gocode" "$dir/" cri
	rm -rf "$go" "$path"
}

# A file system of its own, as a container has: the libraries need not fit those of the root.
make_dpdk() {
	local dir=$1 packages

	packages=$(read_list "$lab_dir/packages-dpdk")
	# shellcheck disable=SC2086 # a list of names
	apt_closure "$base_suite" $packages | fetch_and_unpack "$base_suite" "$dir"
	echo dpdk-dev | fetch_and_unpack "$base_suite" "$dir"
	mkdir -p "$dir"/{dev,proc,sys,run,tmp}
}

# Debian's newest libvirt, from the backports. It looks for its user, even where it does not become that.
make_libvirt() {
	local dir=$1 packages

	packages=$(read_list "$lab_dir/packages-libvirt")
	# shellcheck disable=SC2086 # a list of names
	apt_closure "$base_suite" $packages | fetch_and_unpack "$base_suite" "$dir"
	mkdir -p "$dir"/{dev,proc,run,tmp}
	ln -s bash "$dir/usr/bin/sh"
	printf '%s\n' root:x:0:0::/root:/bin/sh libvirt-qemu:x:0:0::/:/bin/sh >"$dir/etc/passwd"
	printf '%s\n' root:x:0: libvirt-qemu:x:0: >"$dir/etc/group"
}

# What the maintainer scripts would have done: the users that the bus and networkd look for.
make_managers() {
	local dir=$1 packages

	packages=$(read_list "$lab_dir/packages-managers")
	# shellcheck disable=SC2086 # a list of names
	apt_closure "$base_suite" $packages | fetch_and_unpack "$base_suite" "$dir"
	mkdir -p "$dir"/{dev,proc,sys,run,tmp,var/lib/dbus,var/lib/NetworkManager,etc/systemd/network}
	rm -rf "$dir/var/run"
	ln -s /run "$dir/var/run"
	cp "$dir/usr/share/base-passwd/passwd.master" "$dir/etc/passwd"
	cp "$dir/usr/share/base-passwd/group.master" "$dir/etc/group"
	printf '%s\n' messagebus:x:990:990::/:/usr/sbin/nologin \
		systemd-network:x:991:991::/:/usr/sbin/nologin >>"$dir/etc/passwd"
	printf '%s\n' messagebus:x:990: systemd-network:x:991: >>"$dir/etc/group"
}

make_qemu() {
	apt_closure "$base_suite" qemu-system-x86 | fetch_and_unpack "$base_suite" "$1"
}
