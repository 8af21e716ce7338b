# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash disable=SC2034,SC2119,SC2120,SC2154 # shared with the runner and the cases
# kubevirt.sh - KubeVirt's launcher with our hook, by real parts: conf/kubernetes/kubevirt-hook.py on the
# VM of conf/kubernetes/kubevirt-vm.yaml, and Debian's newest libvirt; sourced by cases
#
# Nothing of KubeVirt runs here. What it does is written down beside each word, with its source.

kubernetes=$suite/../../conf/kubernetes

# launcher COMMAND...: in a file system with Python and libvirt, in which $scratch is /tmp/build, and
# $scratch/nk-cni is what "nk-cni oci-hook" makes visible as /run/nk-cni. What libvirt asks QEMU at first,
# and Python compiles, 20 seconds in an emulation, they keep in $work/libvirt.
launcher() {
	[[ $LIBVIRT ]] || die "the lab runs without --with-libvirt"
	mkdir -p "$scratch/nk-cni" "$work/libvirt"
	# shellcheck disable=SC2016 # expanded by the inner shell
	unshare --mount bash -ec '
		root=$1 scratch=$2 libvirt=$3
		shift 3
		mount --bind "$root" "$root"
		mount --rbind /dev "$root/dev"
		mount --rbind /proc "$root/proc"
		mount -t tmpfs none "$root/run"
		mount -t tmpfs none "$root/tmp"
		mkdir "$root/run/nk-cni" "$root/tmp/build" "$root/tmp/libvirt"
		mount --bind "$scratch/nk-cni" "$root/run/nk-cni"
		mount --bind "$scratch" "$root/tmp/build"
		mount --bind "$libvirt" "$root/tmp/libvirt"
		exec chroot "$root" /usr/bin/env -i PATH=/usr/bin HOME=/tmp LC_ALL=C.UTF-8 \
			PYTHONPYCACHEPREFIX=/tmp/libvirt/python "$@"
	' launcher "$LIBVIRT" "$scratch" "$work/libvirt" "$@"
}

# pod_interface NETWORK: KubeVirt's name for the Pod's interface (pkg/network/namescheme,
# GenerateHashedInterfaceName())
pod_interface() {
	local hash

	hash=$(printf %s "$1" | sha256sum)
	echo "pod${hash:0:11}"
}

# seen POD: its attachment is visible in the launcher, in the directory of its device
seen() {
	local file

	for file in /run/nk-cni/ln0/q*/attachment.json; do
		[[ $(jq -r .containerID "$file") != "c-$1" ]] || install -D -t "$scratch/nk-cni/$(jq -r .ifName "$file")" "$file"
	done
}

# read_manifest: the VM's network as $network_conf, for ln0, and its instance as $vmi, which has the template's spec
# (pkg/virt-controller/watch/vm, setupVMIFromVM())
read_manifest() {
	cp "$kubernetes/kubevirt-hook.py" "$scratch/onDefineDomain"
	launcher python3 -c '
import json, sys, yaml
for document in yaml.safe_load_all(sys.stdin):
    print(json.dumps(document))' <"$kubernetes/kubevirt-vm.yaml" >"$scratch/documents"
	network_conf=$(jq -c 'select(.kind == "NetworkAttachmentDefinition") | .spec.config | fromjson |
		{cniVersion, name} + .plugins[0] | .master = "ln0" | .queues.pool = "4-7"' "$scratch/documents")
	vmi=$(jq -c 'select(.kind == "VirtualMachine") | {kind: "VirtualMachineInstance", metadata, spec: .spec.template.spec}' \
		"$scratch/documents")
}

# domain [TEXT]: what KubeVirt writes of a VM, as far as libvirt's conversion needs no device of the host: with
# its metadata, empty elements written out, and TEXT at its end
domain() {
	cat <<-END
		<domain type="qemu" xmlns:qemu="http://libvirt.org/schemas/domain/qemu/1.0">
			<name>default_fast-vm</name>
			<memory unit="b">2147483648</memory>
			<os>
				<type arch="x86_64" machine="q35">hvm</type>
				<smbios mode="sysinfo"></smbios>
			</os>
			<sysinfo type="smbios">
				<system>
					<entry name="uuid">e4686d2c-6e8d-4335-b8fd-81bee22f4814</entry>
					<entry name="serial">a&lt;b&amp;c &#34;quoted&#34;</entry>
				</system>
			</sysinfo>
			<devices>
				<emulator>/usr/bin/qemu-system-x86_64</emulator>
				<channel type="unix">
					<target name="org.qemu.guest_agent.0" type="virtio"></target>
				</channel>
				<controller type="virtio-serial" index="0" model="virtio-non-transitional"></controller>
				<rng model="virtio-non-transitional">
					<backend model="random">/dev/urandom</backend>
				</rng>
			</devices>
			<clock offset="utc"></clock>
			<metadata>
				<kubevirt xmlns="http://kubevirt.io">
					<uid>f4686d2c-6e8d-4335-b8fd-81bee22f4814</uid>
				</kubevirt>
			</metadata>
			<features>
				<acpi></acpi>
			</features>
			<vcpu placement="static">1</vcpu>
			${1:-}
		</domain>
	END
}

# hook VMI XML [VARIABLE=VALUE...]: as sidecar-shim runs it (cmd/sidecars/sidecar_shim.go, runOnDefineDomain()):
# both in the arguments, the new XML on stdout
hook() {
	launcher "${@:3}" /tmp/build/onDefineDomain --vmi "$1" --domain "$2"
}

# native FILE: the command line that libvirt makes of the domain in $scratch/FILE, an option with its
# argument a line; virt-xml-validate and libvirt accept it
native() {
	launcher virt-xml-validate "/tmp/build/$1" domain >"$scratch/said" 2>&1 ||
		die "virt-xml-validate: $(<"$scratch/said")"
	launcher virsh -c "qemu:///embed?root=/tmp/libvirt" domxml-to-native qemu-argv "/tmp/build/$1" \
		2>"$scratch/said" | sed 's/ -\([a-z]\)/\n-\1/g' | grep . || die "virsh: $(<"$scratch/said")"
}
