// SPDX-License-Identifier: Apache-2.0

// multus-like - what Multus does with the plugins it delegates to, on Debian's libcni: several
// networks of one Pod, one after the other, with what was chosen for each
//
//	multus-like [OPTION...] add NETNS CONTAINER      prints the Pod's network status
//	multus-like [OPTION...] del NETNS CONTAINER
//	multus-like [OPTION...] overlap NETNS CONTAINER  a DEL that begins while the ADD goes on
//
// The last is a thick Multus whose shim was killed: the ADD in its daemon goes on, and the runtime
// calls DEL. Its result reaches nobody, so both may fail; what they said is printed.
//
// Read are: the cluster's default network, a conflist; the Pod's choice of networks, as annotation
// k8s.v1.cni.cncf.io/networks has it (JSON); NetworkAttachmentDefinitions, files NAMESPACE_NAME.json;
// and the devices that the kubelet has allocated to the Pod, lists by name of the resource (JSON).
//
// A network with a resource takes the next of its devices, which is then written into every plugin's
// object and given as runtimeConfig; a deviceID of the Pod's choice is given as runtimeConfig alone. A
// configuration that is no list is called as what it is. Exit status 1: something failed; 2: usage.
package main

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
	"time"

	"github.com/containernetworking/cni/libcni"
	"github.com/containernetworking/cni/pkg/types"
	types100 "github.com/containernetworking/cni/pkg/types/100"
)

// selection is one network that the Pod has chosen, after the default one.
type selection struct {
	Name      string         `json:"name"`
	Namespace string         `json:"namespace"`
	Interface string         `json:"interface"`
	MAC       string         `json:"mac"`
	IPs       []string       `json:"ips"`
	DeviceID  string         `json:"deviceID"`
	CNIArgs   map[string]any `json:"cni-args"`
}

// delegate is one network of the Pod, with all that its plugins are given.
type delegate struct {
	chosen     selection
	deviceID   string // of its resource, or chosen
	name       string // NAMESPACE/NAME, or the default network's own
	list       *libcni.NetworkConfigList // or
	plain      *libcni.NetworkConfig
	rt         *libcni.RuntimeConf
	deviceInfo string // the file that a plugin may write, or none
}

// deviceInfo is the library's, which has no room for other members.
type deviceInfo struct {
	Type    string `json:"type,omitempty"`
	Version string `json:"version,omitempty"`
	PCI     *struct {
		Address     string `json:"pci-address,omitempty"`
		VhostNet    string `json:"vhost-net,omitempty"`
		RDMA        string `json:"rdma-device,omitempty"`
		PF          string `json:"pf-pci-address,omitempty"`
		Representor string `json:"representor-device,omitempty"`
	} `json:"pci,omitempty"`
	VDPA *struct {
		Parent      string `json:"parent-device,omitempty"`
		Driver      string `json:"driver,omitempty"`
		Path        string `json:"path,omitempty"`
		Address     string `json:"pci-address,omitempty"`
		PF          string `json:"pf-pci-address,omitempty"`
		Representor string `json:"representor-device,omitempty"`
	} `json:"vdpa,omitempty"`
	VhostUser *struct {
		Mode string `json:"mode,omitempty"`
		Path string `json:"path,omitempty"`
	} `json:"vhost-user,omitempty"`
	Memif *struct {
		Role string `json:"role,omitempty"`
		Path string `json:"path,omitempty"`
		Mode string `json:"mode,omitempty"`
	} `json:"memif,omitempty"`
}

// status is one entry of annotation k8s.v1.cni.cncf.io/network-status.
type status struct {
	Name       string      `json:"name"`
	Interface  string      `json:"interface,omitempty"`
	IPs        []string    `json:"ips,omitempty"`
	MAC        string      `json:"mac,omitempty"`
	MTU        int         `json:"mtu,omitempty"`
	Default    bool        `json:"default,omitempty"`
	DNS        types.DNS   `json:"dns"`
	DeviceInfo *deviceInfo `json:"device-info,omitempty"`
}

type multus struct {
	defaultFile, chosenFile, definitions, devices string
	resources                                     string
	namespace, pod                                string
	after                                         time.Duration
	netns, container                              string
	cni                                           *libcni.CNIConfig
}

func say(format string, args ...any) {
	fmt.Fprintf(os.Stderr, "multus-like: "+format+"\n", args...)
}

// --- what the Pod has chosen --------------------------------------------------------------------

func readJSON(file string, ret any) error {
	text, err := os.ReadFile(file)
	if err != nil {
		return err
	}
	if err := json.Unmarshal(text, ret); err != nil {
		return fmt.Errorf("%s: %w", file, err)
	}
	return nil
}

const resourceName = "k8s.v1.cni.cncf.io/resourceName"

// definition reads a NetworkAttachmentDefinition: its configuration, and the resource it takes.
func (m *multus) definition(chosen *selection) (conf map[string]any, resource string, err error) {
	var definition struct {
		Metadata struct {
			Annotations map[string]string `json:"annotations"`
		} `json:"metadata"`
		Spec struct {
			Config string `json:"config"`
		} `json:"spec"`
	}
	file := filepath.Join(m.definitions, chosen.Namespace+"_"+chosen.Name+".json")
	if err := readJSON(file, &definition); err != nil {
		return nil, "", err
	}
	if err := json.Unmarshal([]byte(definition.Spec.Config), &conf); err != nil {
		return nil, "", fmt.Errorf("%s: spec.config: %w", file, err)
	}
	if conf["name"] == nil {
		conf["name"] = chosen.Name
	}
	return conf, definition.Metadata.Annotations[resourceName], nil
}

// tell adds to a plugin's object what was allocated and chosen, beside what comes as runtimeConfig.
func tell(plugin map[string]any, allocated string, chosen *selection) {
	if allocated != "" {
		plugin["deviceID"] = allocated
		plugin["pciBusID"] = allocated
	}
	if len(chosen.CNIArgs) == 0 {
		return
	}
	args, _ := plugin["args"].(map[string]any)
	if args == nil {
		args = map[string]any{}
		plugin["args"] = args
	}
	cni, _ := args["cni"].(map[string]any)
	if cni == nil {
		cni = map[string]any{}
		args["cni"] = cni
	}
	for key, value := range chosen.CNIArgs {
		cni[key] = value
	}
}

// load reads a delegate's network, with the next of the devices that its resource has left.
func (m *multus) load(d *delegate, left map[string][]string) error {
	conf, resource, err := m.definition(&d.chosen)
	if err != nil {
		return err
	}
	allocated := ""
	if devices := left[resource]; len(devices) > 0 {
		allocated, left[resource] = devices[0], devices[1:]
	}
	d.deviceID = d.chosen.DeviceID
	if allocated != "" {
		d.deviceID = allocated
	}
	plugins, isList := conf["plugins"].([]any)
	if !isList {
		plugins = []any{conf}
	}
	for _, plugin := range plugins {
		if object, ok := plugin.(map[string]any); ok {
			tell(object, allocated, &d.chosen)
		}
	}
	text, err := json.Marshal(conf)
	if err != nil {
		return err
	}
	if isList {
		d.list, err = libcni.ConfListFromBytes(text)
	} else {
		d.plain, err = libcni.ConfFromBytes(text)
	}
	return err
}

// arguments are the runtimeConfig and CNI_ARGS of a delegate.
func (m *multus) arguments(d *delegate, isDefault bool) {
	d.rt = &libcni.RuntimeConf{
		ContainerID: m.container,
		NetNS:       m.netns,
		IfName:      d.chosen.Interface,
		Args: [][2]string{
			{"IgnoreUnknown", "true"},
			{"K8S_POD_NAMESPACE", m.namespace},
			{"K8S_POD_NAME", m.pod},
			{"K8S_POD_INFRA_CONTAINER_ID", m.container},
			{"K8S_POD_UID", "uid-" + m.pod},
		},
		CapabilityArgs: map[string]any{},
	}
	if d.chosen.MAC != "" {
		d.rt.Args = append(d.rt.Args, [2]string{"MAC", d.chosen.MAC})
	}
	if len(d.chosen.IPs) > 0 {
		d.rt.Args = append(d.rt.Args, [2]string{"IP", strings.Join(d.chosen.IPs, ",")})
	}
	if isDefault {
		return
	}
	if d.chosen.MAC != "" {
		d.rt.CapabilityArgs["mac"] = d.chosen.MAC
	}
	if len(d.chosen.IPs) > 0 {
		d.rt.CapabilityArgs["ips"] = d.chosen.IPs
	}
	if d.deviceID != "" {
		name := strings.ReplaceAll(fmt.Sprintf("%s-%s_%s", d.name, m.container, d.chosen.Interface),
			"/", "-")
		d.deviceInfo = filepath.Join(m.devices, name)
		d.rt.CapabilityArgs["deviceID"] = d.deviceID
		d.rt.CapabilityArgs["CNIDeviceInfoFile"] = d.deviceInfo
	}
}

// delegates are the Pod's networks, the default one first. Without a name its interface is net1,
// net2 and so on.
func (m *multus) delegates() ([]*delegate, error) {
	list, err := libcni.ConfListFromFile(m.defaultFile)
	if err != nil {
		return nil, err
	}
	all := []*delegate{{name: list.Name, list: list, chosen: selection{Interface: "eth0"}}}
	var chosen []selection
	if m.chosenFile != "" {
		if err := readJSON(m.chosenFile, &chosen); err != nil {
			return nil, err
		}
	}
	left := map[string][]string{}
	if m.resources != "" {
		if err := readJSON(m.resources, &left); err != nil {
			return nil, err
		}
	}
	for i, one := range chosen {
		if one.Namespace == "" {
			one.Namespace = m.namespace
		}
		if one.Interface == "" {
			one.Interface = fmt.Sprintf("net%d", i+1)
		}
		d := &delegate{chosen: one, name: one.Namespace + "/" + one.Name}
		if err := m.load(d, left); err != nil {
			return nil, err
		}
		all = append(all, d)
	}
	for i, d := range all {
		m.arguments(d, i == 0)
	}
	return all, nil
}

// --- calls --------------------------------------------------------------------------------------

// isFree fails if the Pod has an interface of that name. Its thread ends in the Pod's namespace.
func isFree(netns, name string) error {
	const setns = 308 // x86_64; not in the standard library
	done := make(chan error)
	go func() {
		runtime.LockOSThread()
		done <- func() error {
			file, err := os.Open(netns)
			if err != nil {
				return err
			}
			defer file.Close()
			if _, _, errno := syscall.RawSyscall(setns, file.Fd(), syscall.CLONE_NEWNET, 0); errno != 0 {
				return fmt.Errorf("setns %s: %w", netns, errno)
			}
			interfaces, err := net.Interfaces()
			if err != nil {
				return err
			}
			for _, one := range interfaces {
				if one.Name == name {
					return fmt.Errorf("the Pod has an interface %s already", name)
				}
			}
			return nil
		}()
	}()
	return <-done
}

// statuses are what becomes of a result: the host's interfaces do not count, unless it is the only
// one, and an address that names none belongs to the last one.
func statuses(d *delegate, isDefault bool, given types.Result) ([]*status, error) {
	result, err := types100.NewResultFromResult(given)
	if err != nil {
		return nil, err
	}
	all, byIndex := []*status{}, map[int]*status{}
	for i, one := range result.Interfaces {
		if one.Sandbox == "" && len(result.Interfaces) > 1 {
			continue
		}
		byIndex[i] = &status{Name: d.name, Interface: one.Name, MAC: one.Mac, MTU: one.Mtu,
			Default: isDefault && len(all) == 0, DNS: result.DNS}
		all = append(all, byIndex[i])
	}
	for _, ip := range result.IPs {
		if len(all) == 0 {
			break
		}
		owner := all[len(all)-1]
		if ip.Interface != nil && byIndex[*ip.Interface] != nil {
			owner = byIndex[*ip.Interface]
		}
		owner.IPs = append(owner.IPs, ip.Address.IP.String())
	}
	if d.deviceInfo != "" {
		info := &deviceInfo{}
		if err := readJSON(d.deviceInfo, info); err == nil {
			for _, one := range all {
				one.DeviceInfo = info
			}
		} else if !os.IsNotExist(err) {
			return nil, err
		}
	}
	return all, nil
}

func (m *multus) addOne(d *delegate, isDefault bool) ([]*status, error) {
	if err := isFree(m.netns, d.chosen.Interface); err != nil {
		return nil, err
	}
	var result types.Result
	var err error
	if d.plain != nil {
		result, err = m.cni.AddNetwork(context.Background(), d.plain, d.rt)
	} else {
		result, err = m.cni.AddNetworkList(context.Background(), d.list, d.rt)
	}
	if err != nil {
		return nil, err
	}
	return statuses(d, isDefault, result)
}

// add takes all of them down again, from the one that failed on, if one fails.
func (m *multus) add(all []*delegate) ([]*status, error) {
	said := []*status{}
	for i, d := range all {
		one, err := m.addOne(d, i == 0)
		if err != nil {
			return nil, errors.Join(fmt.Errorf("ADD of %s: %w", d.name, err), m.del(all[:i+1]))
		}
		said = append(said, one...)
	}
	return said, nil
}

func (m *multus) delOne(d *delegate) error {
	if d.plain != nil {
		return m.cni.DelNetwork(context.Background(), d.plain, d.rt)
	}
	return m.cni.DelNetworkList(context.Background(), d.list, d.rt)
}

// del goes on after a failure.
func (m *multus) del(all []*delegate) error {
	var errs []error
	for i := len(all) - 1; i >= 0; i-- {
		d := all[i]
		if err := m.delOne(d); err != nil {
			errs = append(errs, fmt.Errorf("DEL of %s: %w", d.name, err))
		}
		if d.deviceInfo == "" {
			continue
		}
		if err := os.Remove(d.deviceInfo); err != nil && !os.IsNotExist(err) {
			errs = append(errs, err)
		}
	}
	return errors.Join(errs...)
}

func text(err error) string {
	if err == nil {
		return ""
	}
	return err.Error()
}

func (m *multus) overlap(all []*delegate) map[string]string {
	added := make(chan error)
	go func() {
		_, err := m.add(all)
		added <- err
	}()
	time.Sleep(m.after)
	deleted := m.del(all)
	return map[string]string{"del": text(deleted), "add": text(<-added)}
}

func (m *multus) do(command string) error {
	all, err := m.delegates()
	if err != nil {
		return err
	}
	var said any
	switch command {
	case "add":
		said, err = m.add(all)
	case "del":
		return m.del(all)
	default:
		said = m.overlap(all)
	}
	if err != nil {
		return err
	}
	return json.NewEncoder(os.Stdout).Encode(said)
}

func usage() {
	fmt.Fprintln(os.Stderr, "usage: multus-like [OPTION...] add|del|overlap NETNS CONTAINER")
	flag.PrintDefaults()
	os.Exit(2)
}

func main() {
	m := &multus{}
	path := flag.String("cni-path", "/opt/cni/bin", "directories of plugins, separated by ':'")
	cache := flag.String("cache", "/var/lib/cni/multus", "directory of libcni's notes")
	flag.StringVar(&m.defaultFile, "default", "", "conflist of the default network, eth0")
	flag.StringVar(&m.chosenFile, "networks", "", "the Pod's choice of further networks")
	flag.StringVar(&m.definitions, "definitions", ".", "directory of NetworkAttachmentDefinitions")
	flag.StringVar(&m.resources, "resources", "", "devices allocated to the Pod, by resource")
	flag.StringVar(&m.devices, "devinfo", "/var/run/k8s.cni.cncf.io/devinfo/cni",
		"directory of device information")
	flag.StringVar(&m.namespace, "namespace", "default", "of the Pod")
	flag.StringVar(&m.pod, "pod", "pod", "its name")
	flag.DurationVar(&m.after, "after", 0, "overlap: when the DEL begins, after the ADD")
	flag.Usage = usage
	flag.Parse()
	command := flag.Arg(0)
	if flag.NArg() != 3 || (command != "add" && command != "del" && command != "overlap") {
		usage()
	}
	m.netns, m.container = flag.Arg(1), flag.Arg(2)
	m.cni = libcni.NewCNIConfigWithCacheDir(filepath.SplitList(*path), *cache, nil)
	if err := m.do(command); err != nil {
		say("%v", err)
		os.Exit(1)
	}
}
