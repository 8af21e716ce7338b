# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash disable=SC2034,SC2119,SC2120,SC2154 # shared with the runner and the cases
# containerd.sh - the words of cases about containerd: kubelet's calls by test/tools/cri, sandboxes
# named p1, p2, ...; sourced by them
#
# All of a case is under $scratch, and in the cgroup "lab"; the sandboxes' netns are in /run/netns.

# shellcheck source=test/suite/pairs.sh
source "$suite/pairs.sh"

image=localhost/lab:1
cgroup=/sys/fs/cgroup/lab
declare -A sandbox=()   # their ids, by name
declare -A container=() # of the one in each, by the sandbox's name

# --- containerd -------------------------------------------------------------------------------

# make_image FILE: a docker-archive with one layer: sleep, which is the pause program, and xsk and libxdp, AF_XDP
# applications, all with the libraries that they have here; and testpmd, whose files are mounted from $DPDK. libxdp and
# testpmd have the capability that a user other than root needs.
make_image() {
	local dir=$scratch/image files sum

	mkdir -p "$dir/root"
	files=$(ldd tools/xsk tools/libxdp /usr/bin/sleep | grep -o '\s/lib[^ ]*' | sort -u)
	# shellcheck disable=SC2086 # words
	cp -L --parents $files "$dir/root/"
	cp tools/xsk tools/libxdp /usr/bin/sleep "$DPDK/usr/bin/dpdk-testpmd" "$dir/root/"
	setcap cap_net_raw+ep "$dir/root/libxdp"
	setcap cap_net_raw+ep "$dir/root/dpdk-testpmd"
	tar --xattrs --xattrs-include='security.*' -cf "$dir/layer.tar" -C "$dir/root" .
	sum=$(sha256sum "$dir/layer.tar")
	cat >"$dir/config.json" <<-JSON
		{"architecture": "amd64", "os": "linux", "config": {"Cmd": ["/sleep", "infinity"]},
		 "rootfs": {"type": "layers", "diff_ids": ["sha256:${sum%% *}"]}}
	JSON
	cat >"$dir/manifest.json" <<-JSON
		[{"Config": "config.json", "RepoTags": ["$image"], "Layers": ["layer.tar"]}]
	JSON
	tar -cf "$1" -C "$dir" manifest.json config.json layer.tar
}

# configure VERSION: containerd, whose keys have other names in 1.7. What has no use here is not loaded.
configure() {
	local cri images version bin

	case $1 in
	1.7)
		version=2 cri=io.containerd.grpc.v1.cri
		images="plugins.'$cri'" pause=sandbox_image
		bin="bin_dir = '$scratch/bin'"
		;;
	2)
		version=3 cri=io.containerd.cri.v1.runtime
		images="plugins.'io.containerd.cri.v1.images'.pinned_images" pause=sandbox
		bin="bin_dirs = ['$scratch/bin']"
		;;
	esac
	cat <<-TOML
		version = $version
		root = '$scratch/root'
		state = '$scratch/state'
		disabled_plugins = ['io.containerd.nri.v1.nri', 'io.containerd.snapshotter.v1.btrfs',
			'io.containerd.snapshotter.v1.devmapper', 'io.containerd.snapshotter.v1.zfs',
			'io.containerd.snapshotter.v1.blockfile', 'io.containerd.snapshotter.v1.erofs']
		[grpc]
		address = '$scratch/containerd.sock'
		[$images]
		$pause = '$image'
		[plugins.'$cri'.containerd.runtimes.runc]
		runtime_type = 'io.containerd.runc.v2'
		[plugins.'$cri'.containerd.runtimes.nk-cni]
		runtime_type = 'io.containerd.runc.v2'
		base_runtime_spec = '$scratch/hooked.json'
		pod_annotations = ['nk-cni/*']
		[plugins.'$cri'.cni]
		$bin
		conf_dir = '$scratch/net.d'
	TOML
}

# copy_programs: those of $version to memory, once, for the cache's file system is slow
copy_programs() {
	programs=$work/containerd-$version
	[[ ! -e $programs ]] || return 0
	mkdir "$programs"
	cp "$CONTAINERD/cri" "$CONTAINERD/$version/usr/bin/"{containerd,containerd-shim-runc-v2,ctr,runc} \
		"$programs/"
}

# launch: what configure and make_image prepared; a restart, when it ran before. The limit of locked
# memory is that of the containers, too: the application's 24 MiB fit twice.
launch() {
	rm -f "$scratch/containerd.sock"
	# shellcheck disable=SC2016 # expanded by the inner shell
	PATH=$programs:$PATH prlimit --memlock=$((64 << 20)) bash -c 'echo $$ >"$1" && exec "${@:2}"' \
		launch "$cgroup/runtime/cgroup.procs" \
		containerd --config "$scratch/config.toml" --log-level warn 2>>"$scratch/containerd.err" &
	pid[containerd]=$!
	await "containerd" test -S "$scratch/containerd.sock"
	await "containerd" cri Version
}

# end_runtime: beside the end of every case, that of what containerd started, where it did not do so
end_runtime() {
	local status=$?

	set +e
	echo 1 >"$cgroup/cgroup.kill"
	awk -v dir="$scratch/" 'index($2, dir) == 1 {print $2}' /proc/self/mounts | xargs -r umount --lazy
	(exit $status)
	end_case
}

# runtime VERSION CONFLIST: a containerd of that version, with that default network
runtime() {
	version=$1
	trap end_runtime EXIT
	rm -rf /var/lib/cni
	mkdir -p /var/lib/cni "$cgroup"/{runtime,pods} "$scratch"/{bin,net.d,log}
	ln -s "$nk" "$plugins"/* "$scratch/bin/"
	echo "$2" >"$scratch/net.d/10-lab.conflist"
	configure "$version" >"$scratch/config.toml"
	make_image "$scratch/image.tar"
	copy_programs
	"$programs/ctr" oci spec | jq --arg nk "$nk" 'del(.process.rlimits) |
		.hooks.createRuntime += [{path: $nk, args: ["nk-cni", "oci-hook"]}]' >"$scratch/hooked.json"
	launch
	import "$scratch/image.tar" "$image"
	has "Version" "$(cri Version | jq -r '.runtimeName + " " + .runtimeVersion')" "containerd $version."
}

# import FILE IMAGE: an archive that has it
import() {
	"$programs/ctr" -a "$scratch/containerd.sock" -n k8s.io images import "$1" >/dev/null 2>"$scratch/import.err"
	await "the image" has_image "$2"
}

has_image() {
	[[ $(cri ImageStatus "{\"image\": {\"image\": \"$1\"}}") == *"$1"* ]]
}

# restart SIGNAL: end containerd by it and start it again, while sandboxes live on
restart() {
	kill "-$1" "${pid[containerd]}"
	wait "${pid[containerd]}" || true
	launch
}

# --- its calls ----------------------------------------------------------------------------------

# cri METHOD [REQUEST]
cri() {
	"$programs/cri" "$scratch/containerd.sock" "$1" <<<"${2-"{}"}"
}

# sandbox_of NAME: its configuration, as kubelet gives it; with the Pod's annotations, an object, and its network, POD
# or NODE, where it has no hostname of its own
sandbox_of() {
	cat <<-JSON
		{"metadata": {"name": "$1", "uid": "uid-$1", "namespace": "lab"},
		 "hostname": "$([[ ${network:-} ]] || echo "$1")",
		 "annotations": ${annotations:-"{}"},
		 "dns_config": {"servers": ["10.1.0.1"]},
		 "log_directory": "$scratch/log", "linux": {"cgroup_parent": "/lab/pods",
			"security_context": {"namespace_options": {"network": "${network:-POD}"}}}}
	JSON
}

# run_sandbox NAME [TRIES]: again, as kubelet does, where the plugin says to try again later
run_sandbox() {
	local reply tries=${2:-1}

	until reply=$(cri RunPodSandbox "{\"config\": $(sandbox_of "$1"), \"runtime_handler\": \"${handler:-}\"}" \
		2>"$scratch/$1.err"); do
		has "RunPodSandbox" "$(<"$scratch/$1.err")" "try again later"
		((--tries)) || die "RunPodSandbox: too often"
	done
	[[ $reply =~ \"podSandboxId\":\ *\"([0-9a-f]+)\" ]] || die "RunPodSandbox: $reply"
	sandbox[$1]=${BASH_REMATCH[1]}
}

# look_at NAME: its verbose status; what the runtime knows of the network is then NAME.net
look_at() {
	cri PodSandboxStatus "{\"pod_sandbox_id\": \"${sandbox[$1]}\", \"verbose\": true}" >"$scratch/$1.status"
	same "state of $1" "$(jq -r '.status.state // "ready"' "$scratch/$1.status")" ready
	jq -c '.info.info | fromjson | .cniResult.Interfaces' "$scratch/$1.status" >"$scratch/$1.net"
}

stop_sandbox() {
	cri StopPodSandbox "{\"pod_sandbox_id\": \"${sandbox[$1]}\"}" >/dev/null
}

remove_sandbox() {
	cri RemovePodSandbox "{\"pod_sandbox_id\": \"${sandbox[$1]}\"}" >/dev/null
}

# sandboxes: how many the runtime has
sandboxes() {
	cri ListPodSandbox | jq '.items | length'
}

# of POD INTERFACE MEMBER: from what the runtime knows of the network
of() {
	jq -r ".[\"$2\"].$3" "$scratch/$1.net"
}

# netns_of POD: its name in /run/netns
netns_of() {
	local path

	path=$(of "$1" eth0 Sandbox)
	echo "${path##*/}"
}

# --- a container in a sandbox -------------------------------------------------------------------

# container_of POD MAP OPTION...: xsk, with the runtime's own seccomp profile and what an AF_XDP
# application has to have: two capabilities and the file MAP
container_of() {
	local pod=$1 map=$2 options
	shift 2

	printf -v options ', "%s"' "$@"
	cat <<-JSON
		{"metadata": {"name": "app"}, "image": {"image": "$image"},
		 "command": ["/xsk", "--dev", "nk0", "--map", "/run/xsks_map"$options],
		 "log_path": "$pod.log",
		 "mounts": [{"host_path": "$map", "container_path": "/run/xsks_map"}],
		 "linux": {"security_context": {"seccomp": {"profile_type": "RuntimeDefault"},
			"capabilities": {"drop_capabilities": ["ALL"], "add_capabilities": ["NET_RAW", "BPF"]}}}}
	JSON
}

# create KEY POD CONFIG: a container, not started yet; its id is container[KEY]
create() {
	local reply

	reply=$(cri CreateContainer "{\"pod_sandbox_id\": \"${sandbox[$2]}\",
		\"sandbox_config\": $(sandbox_of "$2"), \"config\": $3}")
	[[ $reply =~ \"containerId\":\ *\"([0-9a-f]+)\" ]] || die "CreateContainer: $reply"
	container[$1]=${BASH_REMATCH[1]}
}

# starts KEY POD MAP CONFIG: such a container runs, which sees the map at MAP. Like kubelet, it makes another
# container where runc fails: cilium/ebpf from 0.22 on, which runc loads its device filter with, opens each bpffs in
# /proc/self/mountinfo as a directory, also a map that is mounted as a file. runc sees the container's mounts there
# when the Go thread that entered them is its first one.
starts() {
	local tries=5

	create "$1" "$2" "$4"
	until cri StartContainer "{\"container_id\": \"${container[$1]}\"}" >/dev/null 2>"$scratch/start.err"; do
		has "StartContainer" "$(<"$scratch/start.err")" "$3\": open bpffs mount"
		((--tries)) || die "StartContainer: too often"
		cri RemoveContainer "{\"container_id\": \"${container[$1]}\"}" >/dev/null
		create "$1" "$2" "$4"
	done
}

# app POD MAP OPTION...: such a container runs, and its socket is ready when this returns
app() {
	starts "$1" "$1" /run/xsks_map "$(container_of "$@")"
	await "the application's socket" says "$1" ready
}

# says POD TEXT: has its application printed that?
says() {
	[[ -e $scratch/log/$1.log && $(<"$scratch/log/$1.log") == *" stdout F $2"* ]]
}

# container_status POD
container_status() {
	cri ContainerStatus "{\"container_id\": \"${container[$1]}\"}"
}

has_exited() {
	[[ $(container_status "$1") == *CONTAINER_EXITED* ]]
}

# app_ended POD: with status 0; what it printed last is then what words like "result POD" read
app_ended() {
	await "the result" says "$1" "{"
	sed -n 's/^[^ ]* stdout F //p' "$scratch/log/$1.log" >"$scratch/$1"
	await "the end of the application" has_exited "$1"
	same "status of the application" "$(container_status "$1" | jq '.status.exitCode // 0')" 0
}

# receives POD: a container in it gets 500 frames from the wire for nk0, zero copy, all of them
receives() {
	app "$1" "$(of "$1" nk0 SocketPath)" --queue 1 --zerocopy --recv 500
	send 500 5 --dst "$(of "$1" nk0 Mac)"
	app_ended "$1"
	same "frames of $1" "$(result "$1" zerocopy received corrupt foreign)" "true 500 0 0"
}

# --- networks -----------------------------------------------------------------------------------

# conflist PLUGIN...: of the versions that those of conf/ have; 1.7 knows none beyond 1.0.0
conflist() {
	jq -nc '{cniVersion: "1.0.0", cniVersions: ["1.0.0", "1.1.0"], name: "lab",
		plugins: $ARGS.positional}' --jsonargs "$@"
}

ipam='{"type": "host-local", "subnet": "10.1.0.0/24", "routes": [{"dst": "0.0.0.0/0"}]}'
pair_of_pods='{"type": "nk-cni", "pairing": "pair", "forwarding": true, "ipam": '$ipam'}'
ptp_of_pods='{"type": "ptp", "ipam": '$ipam'}'
single_of_pods='{"type": "nk-cni", "master": "ln0", "ifName": "nk0", "queues": {"pool": "4-7"},
	"xdp": {"keep": false}, "rss": {"keep": false}}'

# whole: all that sandboxes could leave behind, beside the dump: addresses given, neighbour entries,
# cgroups and mounts
whole() {
	dump
	echo "== IPAM and results"
	find /var/lib/cni -type f ! -name lock ! -name 'last_reserved_ip.*' | sort
	echo "== neighbours"
	ip neigh show nud permanent
	ip neigh show proxy
	echo "== containers"
	find "$cgroup" -type d | sort
	grep -c " $scratch/" /proc/self/mounts || true
}

# settled: has the kernel looked for duplicates of all IPv6 addresses?
settled() {
	[[ ! $(ip -6 addr show tentative) ]]
}

# look_first: what clean_again compares with
look_first() {
	await "the IPv6 addresses" settled
	whole >"$scratch/at_first"
}

# clean_again: the runtime has no sandbox, and all is as look_first saw it
clean_again() {
	same "sandboxes" "$(sandboxes)" 0
	whole >"$scratch/now"
	diff -u "$scratch/at_first" "$scratch/now" >"$scratch/diff" ||
		die "not as at first:"$'\n'"$(cat "$scratch/diff")"
}
