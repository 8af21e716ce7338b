# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash disable=SC2034,SC2154 # the parts of lab share variables
# Runs a command in the virtual machine: chooses QEMU, boots, passes output and status on, and
# says what happened when the machine did not come to an end by itself.

# Sets $qemu to the command of a QEMU >= 10. An older one must not be used: guests of QEMU 7.2
# with two processors die at random under TCG ("Oops: int3").
choose_qemu() {
	local version tree

	version=$(qemu-system-x86_64 --version 2>/dev/null |
		sed -n 's/^QEMU emulator version \([0-9]*\).*/\1/p' || true)
	if ((${version:-0} >= 10)); then
		qemu=(qemu-system-x86_64)
		return
	fi
	tree=qemu/$(key_of "$(declare -f make_qemu)$unpack_key")
	make_debian_layer "$tree" "getting QEMU of Debian 13 (the host has ${version:-none})" \
		"$base_suite" make_qemu
	tree=$lab_cache/$tree
	# Its own loader and libraries, as those of the host may be older.
	qemu=(env "QEMU_MODULE_DIR=$tree/usr/lib/x86_64-linux-gnu/qemu"
		"$tree/usr/lib64/ld-linux-x86-64.so.2"
		--library-path "$tree/usr/lib/x86_64-linux-gnu"
		"$tree/usr/bin/qemu-system-x86_64"
		-L "$tree/usr/share/qemu" -L "$tree/usr/share/seabios")
}

# Sets $accel and $processors. /dev/kvm can be there and useless, as in a virtual machine whose host does not nest.
# TCG runs both processors in one thread: with one thread each, QEMU 10's guest once stopped for ever
# while its second processor came up, on a busy host.
# With --icount the guest's clock advances by 1 ns an instruction, and skips the time in which all are idle. Two
# processors in one thread would each seem half as fast, so there is one.
choose_accel() {
	local verdict

	accel=(-accel "tcg,thread=single" -cpu max)
	processors=2
	if [[ $icount ]]; then
		accel+=(-icount "shift=0,sleep=off")
		processors=1
		return
	fi
	if [[ ! -w /dev/kvm ]] || ! grep -qwE 'vmx|svm' /proc/cpuinfo; then
		return
	fi
	verdict=$lab_cache/kvm-$(key_of "$(uname -r)" "$(grep -m1 'model name' /proc/cpuinfo)")
	if [[ ! -f $verdict ]]; then
		probe_kvm >"$verdict"
	fi
	if [[ $(cat "$verdict") == works ]]; then
		accel=(-accel kvm -cpu host)
	fi
}

# Prints whether a VM with KVM runs a command.
probe_kvm() {
	local accel=(-accel kvm -cpu host) processors=2 status=0

	say "trying KVM"
	(run_vm 30 true) >/dev/null 2>&1 || status=$?
	if ((status == 0)); then
		echo works
	else
		say "KVM does not work here (status $status), using TCG"
		echo fails
	fi
}

# QEMU's option syntax wants a comma in a value doubled.
qemu_path() {
	printf '%s' "${1//,/,,}"
}

# Adds to $args a directory that the guest mounts by its TAG; the third argument is for QEMU.
add_share() {
	local tag=$1 dir=$2 options=${3:-}

	dir=$(qemu_path "$dir")
	args+=(-fsdev "local,id=$tag,path=$dir,security_model=none,multidevs=remap$options"
		-device "virtio-9p-pci,fsdev=$tag,mount_tag=$tag")
}

# Sets $args to QEMU's arguments for a run whose files are in RUN.
set_qemu_args() {
	local run=$1 image quick

	image=$(qemu_path "$lab_cache/$root/root.ext4")
	# The mitigations guard nothing here and cost a tenth of the time under TCG. khugepaged has the lowest
	# priority: on a busy host it was preempted for minutes in an RCU section, and all waited for it.
	quick=(mitigations=off transparent_hugepage=never)
	# shellcheck disable=SC2054 # the commas are QEMU's
	args=(-nodefaults -no-user-config -machine q35 "${accel[@]}" -smp "$processors" -m 2048
		-display none -no-reboot
		-kernel "$lab_cache/$kernel/image" -initrd "$lab_cache/$initrd/initrd"
		# panic=-1 reboots at once, which -no-reboot turns into the end of QEMU. no_timer_check: on a
		# busy host the emulated timer comes too late for the kernel, which then panics.
		-append "console=ttyS0 panic=-1 oops=panic no_timer_check cryptomgr.notests ${quick[*]} hostname=lab"
		-chardev "file,id=console,path=$(qemu_path "$run/console")" -serial chardev:console
		-drive "file=$image,format=raw,if=virtio,readonly=on"
		# A network card that cannot lease a queue; its wire leads nowhere.
		-netdev hubport,id=nowhere,hubid=0
		-device "virtio-net-pci,netdev=nowhere,romfile="
		-device virtio-serial-pci)
	add_share run "$run"
	add_share cache "$lab_cache" ,readonly=on
	add_share tree "$lab_tree"
}

# Prints the script that the guest's init runs: environment, mounts, then the command.
guest_script() {
	local directory=$PWD nic_ko='' netdevsim_ko='' load_needed=:

	if [[ $nic ]]; then
		nic_ko=/lab/cache/$nic/labnic.ko
	fi
	if [[ $netdevsim ]]; then
		netdevsim_ko=/lab/cache/$netdevsim/netdevsim.ko
		# insmod does not load what a module depends on; depmod does not know this one.
		load_needed="modprobe -a $(modinfo -F depends "$lab_cache/$netdevsim/netdevsim.ko" |
			tr , ' ')"
	fi
	if [[ $directory/ != "$lab_tree"/* ]]; then
		directory=$lab_tree
		say "the current directory is outside the work tree; the command runs in $directory"
	fi
	cat <<-END
		set -e
		export HOME=/root TERM=dumb LAB=1 LAB_KERNEL=$abi
		export PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
		export LABNIC_KO=$nic_ko NETDEVSIM_KO=$netdevsim_ko
		export SELFTESTS=${selftests:+/lab/cache/$selftests}
		export CNI_TOOLS=${cni_tools:+/lab/cache/$cni_tools} DPDK=${dpdk:+/lab/cache/$dpdk}
		export CNI_SUITES="${base_suite%-backports} $cni_suite"
		export CNI_PLUGINS=${cni_plugins:+/lab/cache/$cni_plugins/usr/lib/cni}
		export MANAGERS=${managers:+/lab/cache/$managers} LIBVIRT=${libvirt:+/lab/cache/$libvirt}
		export CONTAINERD=${containerd:+/lab/cache/$containerd} PODMAN=${podman:+/lab/cache/$podman}
		mkdir -p /root /lab/cache /usr/lib/modules ${lab_tree@Q}
		for name in fd:fd stdin:fd/0 stdout:fd/1 stderr:fd/2; do
			ln -s "/proc/self/\${name#*:}" "/dev/\${name%:*}"
		done
		ip link set lo up
		options=trans=virtio,version=9p2000.L,msize=131072
		mount -t 9p -o "\$options,cache=loose,ro" cache /lab/cache
		mount -t 9p -o "\$options" tree ${lab_tree@Q}
		ln -sfT /lab/cache/$kernel/lib/modules/$abi /usr/lib/modules/$abi
		$load_needed
		cd ${directory@Q}
		: >/lab/run/started
		exec ${*@Q}
	END
}

# explain RUN STATUS SECONDS: keeps the console of a VM that gave no result, shows its end and
# says which of the ways to fail it was.
explain() {
	local run=$1 status=$2 seconds=$3 log when="before the command began"

	log=$lab_cache/log/console-$(date +%F-%H%M%S)-$$
	{
		if [[ -f $run/console ]]; then
			tr -d '\r' <"$run/console"
		fi
		grep -v 'hub 0 is not connected' "$run/qemu.log" || true
	} >"$log"
	if [[ -f $run/status ]]; then
		when="while it shut down after the command, whose status was $(cat "$run/status")"
	elif [[ -f $run/started ]]; then
		when="while the command ran"
	fi
	show_tail "$log" 40
	say "the console's log, of which this is the end: $log"
	forget_old "$lab_cache/log"
	if ((status == 124)); then
		say "TIMEOUT: the VM was stopped after $seconds s (--timeout), $when"
	elif grep -q 'Kernel panic' "$log"; then
		say "PANIC: the kernel panicked after $seconds s, $when:" \
			"$(grep -m1 -o 'Kernel panic.*' "$log")"
	else
		say "DIED: the VM ended after $seconds s, $when"
	fi
}

# Sets $run to a new directory with all that a run of COMMAND needs, and $args.
prepare_run() {
	mkdir -p "$lab_cache/run"
	forget_old "$lab_cache/run"
	run=$(mktemp -d "$lab_cache/run/XXXXXX")
	guest_script "$@" >"$run/command"
	set_qemu_args "$run"
}

# Becomes QEMU, for at most $timeout seconds. It must not outlive lab, even if lab is killed: hence
# setpriv, for timeout and for what timeout starts.
start_vm() {
	local dies_with_parent=(setpriv --pdeathsig KILL)

	exec "${dies_with_parent[@]}" timeout --kill-after=5 "$timeout" \
		"${dies_with_parent[@]}" "${qemu[@]}" "${args[@]}" \
		-chardev "file,id=out,path=$(qemu_path "$run/out")" \
		-device virtserialport,chardev=out,nr=1 \
		-chardev "file,id=err,path=$(qemu_path "$run/err")" \
		-device virtserialport,chardev=err,nr=2 \
		>"$run/qemu.log" 2>&1 </dev/null 3>&- 4>&- 9>&-
}

# run_vm TIMEOUT COMMAND...: returns the command's status, or 124 or 125.
run_vm() {
	local timeout=$1 start=$SECONDS run args vm out err status=0
	shift

	prepare_run "$@"
	# The guest's output goes through two pipes, which we hold open from before QEMU opens them
	# until after it has ended: so each cat ends with it, whatever became of it.
	mkfifo "$run/out" "$run/err"
	exec 3<>"$run/out" 4<>"$run/err"
	cat <"$run/out" 3>&- 4>&- 9>&- &
	out=$!
	cat <"$run/err" >&2 3>&- 4>&- 9>&- &
	err=$!
	start_vm &
	vm=$!
	trap 'kill -KILL "$vm"; wait "$vm" 2>/dev/null || rm -rf "$run"; exit 143' INT TERM HUP
	wait "$vm" || status=$?
	exec 3>&- 4>&-
	wait "$out" "$err" || true
	trap - INT TERM HUP

	if ((status == 124 || (status == 137 && SECONDS - start >= timeout))); then
		status=124
	elif [[ -f $run/status && -f $run/started ]]; then
		status=$(cat "$run/status")
		rm -rf "$run"
		return "$status"
	else
		status=125
	fi
	explain "$run" "$status" $((SECONDS - start))
	rm -rf "$run"
	return "$status"
}

# An interactive shell on the terminal; returns its status.
run_shell() {
	local start=$SECONDS run args size status=125

	[[ -t 0 && -t 1 ]] || die "lab shell needs a terminal"
	size=$(stty size)
	prepare_run bash -c "exec setsid --ctty --wait bash -c \
		'stty rows ${size% *} cols ${size#* }; exec bash -i' <>/dev/hvc0 >&0 2>&0"
	"${qemu[@]}" "${args[@]}" \
		-chardev stdio,id=terminal,signal=off \
		-device virtconsole,chardev=terminal,nr=0 \
		-chardev file,id=out,path=/dev/stderr,append=on \
		-device virtserialport,chardev=out,nr=1 \
		-chardev file,id=err,path=/dev/stderr,append=on \
		-device virtserialport,chardev=err,nr=2 \
		2>"$run/qemu.log" || true
	if [[ -f $run/status && -f $run/started ]]; then
		status=$(cat "$run/status")
	else
		explain "$run" "$status" $((SECONDS - start))
	fi
	rm -rf "$run"
	return "$status"
}
