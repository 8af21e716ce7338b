# SPDX-License-Identifier: Apache-2.0
# manifests.jq - what is wrong with the manifests of conf/kubernetes, a line each; "make lint" runs it
#
# Input: an array of {file, documents}, by test/manifests, which looks at the types. What each configuration does is
# not asked here: the suite runs it (conf.cases).

# plugins of a network's configuration
def plugins: .plugins // [.];

# a VM, also within what makes it
def instance:
	if .kind == "VirtualMachine" then .spec.template elif .kind == "VirtualMachineInstance" then . else empty end;

# the networks that a Pod or a VM asks for, each with the interface that Multus asks of it, if that is known
def selected:
	(.metadata.annotations["k8s.v1.cni.cncf.io/networks"] // empty |
		if startswith("[") then fromjson
		else split(",") | map(sub("^.*/"; "") | split("@") | {name: .[0], interface: .[1]}) end |
		to_entries[] | {name: .value.name, interface: (.value.interface // "net\(.key + 1)")}),
	(instance | .spec.networks[]?.multus.networkName // empty | {name: .});

# the devices of such a network
def devices($by_name):
	.interface as $interface | $by_name[.name] // empty | plugins[] | .ifName // $interface;

[.[] | .file as $file | .documents[] | {file: $file, it: .}] as $all |
[$all[] | select(.it.kind == "NetworkAttachmentDefinition") |
	{file, name: .it.metadata.name, config: (.it.spec.config | fromjson)}] as $networks |
($networks | map({key: .name, value: .config}) | from_entries) as $by_name |

(select($networks == []) | "no NetworkAttachmentDefinition was found"),
($networks[] | select(.name != .config.name) |
	"\(.file): network \(.name) is called \(.config.name) in its configuration"),
($networks | group_by(.name)[] | select(length > 1) | "\(map(.file) | join(", ")): network \(.[0].name) twice"),
($networks[] | .file as $file | .config | plugins[] | select(.type == "nk-cni") | .capabilities // {} | keys[] |
	select(IN("mac", "ips", "deviceID", "CNIDeviceInfoFile") | not) |
	"\($file): nk-cni does not know capability \(.)"),
($all[] | .file as $file | .it | selected.name as $name | select($by_name[$name] == null) |
	"\($file): \(.metadata.name) asks for network \($name), which is not here"),
($all[] | .file as $file | .it | tojson | [scan("/(?:sys/fs/bpf|run)/nk-cni/[a-z0-9]*/q[0-9]+")] | unique[] |
	"\($file): \(.) is of one NIC and one queue: the containers have /run/nk-cni/<interface>"),
($all[] | .file as $file | .it | select(.spec.volumes[]?.hostPath.path // "" | test("nk-cni")) |
	"\($file): \(.metadata.name) mounts what nk-cni oci-hook puts there"),
($all[] | .file as $file | .it | select(.kind == "Pod") | . as $pod |
	[selected | devices($by_name)] as $devices |
	(tojson | [scan("/run/nk-cni/([^/]*)/")[]] | unique[] | select(IN($devices[]) | not) |
		"\($file): \($pod.metadata.name) has no device \(.) with an attachment"),
	(.spec.containers[] | .name as $name |
		(.volumeMounts[]?.name | select(IN($pod.spec.volumes[]?.name) | not) |
			"\($file): container \($name) mounts \(.), which is no volume"),
		((.securityContext.runAsUser // $pod.spec.securityContext.runAsUser // 0) as $uid |
			$pod | selected | $by_name[.name] // empty | plugins[] |
			select((.xsk.uid // 0) != $uid and .xsk.map != false) |
			"\($file): container \($name) runs as \($uid), its map belongs to \(.xsk.uid // 0)"))),
($all[] | .file as $file | .it | instance | .spec |
	([.domain.devices.interfaces[].name] - [.networks[].name])[] | "\($file): interface \(.) has no network"),
($all[] | .file as $file | .it | instance | .spec |
	([.networks[].name] - [.domain.devices.interfaces[].name])[] |
	"\($file): network \(.) has no interface, which KubeVirt refuses"),
([$all[].it | select(.kind == "KubeVirt") | .spec.configuration.network.binding | keys[]] as $bindings |
	$all[] | .file as $file | .it | instance | .spec.domain.devices.interfaces[].binding.name // empty |
	select(IN($bindings[]) | not) | "\($file): no KubeVirt has the network binding \(.)")
