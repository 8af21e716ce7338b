# SPDX-License-Identifier: Apache-2.0
# manifests.jq - what is wrong with the manifests of conf/kubernetes, a line each; "make lint" runs it
#
# Input: an array of {file, documents}, parsed. What each configuration does is not asked here: the
# suite runs it (conf.cases).

# plugins of a network's configuration
def plugins: .plugins // [.];

# the directory of a network with fixed queues, below those of maps and of attachment.json
def directory:
	"nk-cni/\(.master)/q\(.queues.ids | sub("[-,].*"; ""))";

# where the map of such a network is
def map_path:
	plugins[] | select(.type == "nk-cni" and .queues.ids and .xsk.map != false and .rings == null) |
	"/sys/fs/bpf/\(directory)/xsks_map";

# and its attachment.json
def attachment_path:
	plugins[] | select(.type == "nk-cni" and .queues.ids) | "/run/\(directory)/attachment.json";

# the networks that a Pod or a VM asks for
def asked:
	(.metadata.annotations["k8s.v1.cni.cncf.io/networks"] // empty |
		if startswith("[") then fromjson[].name
		else split(",")[] | sub("^.*/"; "") | sub("@.*"; "") end),
	(.spec.networks[]?.multus.networkName // empty);

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
($all[] | .file as $file | .it | asked as $name | select($by_name[$name] == null) |
	"\($file): \(.metadata.name) asks for network \($name), which is not here"),
($all[] | .file as $file | .it | tojson | [scan("/sys/fs/bpf/nk-cni/[a-z0-9/_]*")] | unique[] |
	select(IN($by_name[] | map_path) | not) | "\($file): \(.) is no network's map"),
($all[] | .file as $file | .it | select(.kind == "Pod") | . as $pod |
	([asked | $by_name[.] // empty]) as $mine |
	(.spec.volumes[]?.hostPath.path // empty | select(IN($mine[] | map_path, attachment_path) | not) |
		"\($file): \($pod.metadata.name) mounts \(.), which is not its network's"),
	(.spec.containers[] | .name as $name |
		(.volumeMounts[]?.name | select(IN($pod.spec.volumes[].name) | not) |
			"\($file): container \($name) mounts \(.), which is no volume"),
		((.securityContext.runAsUser // $pod.spec.securityContext.runAsUser // 0) as $uid |
			$mine[] | plugins[] | select((.xsk.uid // 0) != $uid and .xsk.map != false) |
			"\($file): container \($name) runs as \($uid), its map belongs to \(.xsk.uid // 0)"))),
($all[] | .file as $file | .it | select(.spec.domain) |
	([.spec.domain.devices.interfaces[].name] - [.spec.networks[].name])[] |
	"\($file): interface \(.) has no network"),
($all[] | .file as $file | .it | select(.spec.domain) |
	([.spec.networks[].name] - [.spec.domain.devices.interfaces[].name])[] |
	"\($file): network \(.) has no interface, which KubeVirt refuses")
