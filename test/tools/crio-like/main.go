// SPDX-License-Identifier: Apache-2.0

// crio-like - what CRI-O and its ocicni do with CNI plugins, on Debian's libcni: the calls, their
// order, their time limits, and what is never done again
//
//	crio-like [OPTION...] load         which networks there are; the first is the default
//	crio-like [OPTION...] run POD...   ADD, and CHECK at once; a Pod that fails is taken down
//	crio-like [OPTION...] stop POD...  DEL, once, whatever comes of it
//	crio-like [OPTION...] restart      GC of all networks, and CHECK of every living Pod
//
// CRI-O is one process; this is one for each sub-command, and what has to be kept is in a directory.
// A network is ignored unless each of its plugins lists the configuration's version, and the first
// Pod waits until STATUS of the default network succeeds. A Pod's namespace is /run/netns/POD. Not
// done, since no plugin sees it: the loopback device. Exit status 1: something failed; 2: usage.
package main

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"sort"
	"strings"
	"sync"
	"syscall"
	"time"

	"github.com/containernetworking/cni/libcni"
	"github.com/containernetworking/cni/pkg/types"
)

const (
	ifName       = "eth0"
	statusPeriod = 500 * time.Millisecond
	checkLimit   = 5 * time.Minute
	gcLimit      = 30 * time.Second
)

// pod is a sandbox that was started and not stopped yet.
type pod struct {
	Name  string `json:"name"`
	ID    string `json:"id"`
	UID   string `json:"uid"`
	NetNS string `json:"netns"`
}

type server struct {
	state, confDir                 string
	addLimit, delLimit, readyLimit time.Duration
	atOnce                         int
	cni                            *libcni.CNIConfig
	networks                       []*libcni.NetworkConfigList
}

func say(format string, args ...any) {
	fmt.Fprintf(os.Stderr, "crio-like: "+format+"\n", args...)
}

// --- what is kept -------------------------------------------------------------------------------

func (s *server) podFile(name string) string {
	return filepath.Join(s.state, "pods", name+".json")
}

func (s *server) readPod(name string) (*pod, error) {
	text, err := os.ReadFile(s.podFile(name))
	if err != nil {
		return nil, err
	}
	p := &pod{}
	return p, json.Unmarshal(text, p)
}

func (s *server) writePod(p *pod) error {
	text, err := json.Marshal(p)
	if err != nil {
		return err
	}
	return os.WriteFile(s.podFile(p.Name), text, 0o600)
}

func (s *server) livingPods() ([]*pod, error) {
	files, err := filepath.Glob(s.podFile("*"))
	if err != nil {
		return nil, err
	}
	var pods []*pod
	for _, file := range files {
		p, err := s.readPod(strings.TrimSuffix(filepath.Base(file), ".json"))
		if err != nil {
			return nil, err
		}
		pods = append(pods, p)
	}
	return pods, nil
}

// lock takes a lock of the state directory until the returned function is called: one per Pod, and
// "gc", which run and stop share.
func (s *server) lock(name string, how int) (func(), error) {
	file, err := os.OpenFile(filepath.Join(s.state, name+".lock"), os.O_CREATE|os.O_RDONLY, 0o600)
	if err != nil {
		return nil, err
	}
	for {
		err = syscall.Flock(int(file.Fd()), how)
		if err != syscall.EINTR {
			break
		}
	}
	if err != nil {
		file.Close()
		return nil, fmt.Errorf("flock %s: %w", file.Name(), err)
	}
	return func() { file.Close() }, nil
}

// --- network namespaces -------------------------------------------------------------------------

// makeNetNS makes a namespace and keeps it by a mount. Its thread is not given back: it ends with
// the goroutine, as it is in that namespace.
func makeNetNS(path string) error {
	done := make(chan error)
	go func() {
		runtime.LockOSThread()
		done <- func() error {
			file, err := os.OpenFile(path, os.O_CREATE|os.O_EXCL, 0o444)
			if err != nil {
				return err
			}
			file.Close()
			if err := syscall.Unshare(syscall.CLONE_NEWNET); err != nil {
				return fmt.Errorf("unshare: %w", err)
			}
			self := fmt.Sprintf("/proc/self/task/%d/ns/net", syscall.Gettid())
			if err := syscall.Mount(self, path, "", syscall.MS_BIND, ""); err != nil {
				return fmt.Errorf("mount %s: %w", path, err)
			}
			return nil
		}()
	}()
	return <-done
}

// removeNetNS succeeds also if it is gone.
func removeNetNS(path string) error {
	err := syscall.Unmount(path, syscall.MNT_DETACH)
	if err != nil && err != syscall.EINVAL && err != syscall.ENOENT {
		return fmt.Errorf("unmount %s: %w", path, err)
	}
	if err := os.Remove(path); err != nil && !os.IsNotExist(err) {
		return err
	}
	return nil
}

// --- networks -----------------------------------------------------------------------------------

func readNetwork(file string) (*libcni.NetworkConfigList, error) {
	if filepath.Ext(file) == ".conflist" {
		return libcni.ConfListFromFile(file)
	}
	conf, err := libcni.ConfFromFile(file)
	if err != nil {
		return nil, err
	}
	return libcni.ConfListFromConf(conf)
}

// load asks every plugin for its VERSION, and leaves out the networks that it does not fit.
func (s *server) load() error {
	files, err := libcni.ConfFiles(s.confDir, []string{".conf", ".conflist", ".json"})
	if err != nil {
		return err
	}
	sort.Strings(files)
	s.networks = nil
	for _, file := range files {
		list, err := readNetwork(file)
		if err == nil {
			_, err = s.cni.ValidateNetworkList(context.Background(), list)
		}
		if err != nil {
			say("%s is ignored: %v", filepath.Base(file), err)
			continue
		}
		s.networks = append(s.networks, list)
	}
	if len(s.networks) == 0 {
		return fmt.Errorf("no network in %s", s.confDir)
	}
	return nil
}

// waitReady polls STATUS until its first success, which is noted: then it is not called again.
func (s *server) waitReady() error {
	ready := filepath.Join(s.state, "ready")
	if _, err := os.Stat(ready); err == nil {
		return s.load()
	}
	until := time.Now().Add(s.readyLimit)
	for tries := 1; ; tries++ {
		err := s.load()
		if err == nil {
			err = s.cni.GetStatusNetworkList(context.Background(), s.networks[0])
		}
		if err == nil {
			say("ready after %d STATUS calls", tries)
			return os.WriteFile(ready, nil, 0o600)
		}
		if time.Now().After(until) {
			return fmt.Errorf("not ready after %d STATUS calls: %w", tries, err)
		}
		say("not ready: %v", err)
		time.Sleep(statusPeriod)
	}
}

func runtimeConf(p *pod) *libcni.RuntimeConf {
	return &libcni.RuntimeConf{
		ContainerID: p.ID,
		NetNS:       p.NetNS,
		IfName:      ifName,
		Args: [][2]string{
			{"IgnoreUnknown", "1"},
			{"K8S_POD_NAMESPACE", "default"},
			{"K8S_POD_NAME", p.Name},
			{"K8S_POD_INFRA_CONTAINER_ID", p.ID},
			{"K8S_POD_UID", p.UID},
		},
		CapabilityArgs: map[string]any{
			"cgroupPath":                        "/kubepods/pod" + p.UID,
			"io.kubernetes.cri.pod-annotations": map[string]string{},
		},
	}
}

// cached is the default network as it was when the Pod was added, where libcni has noted it.
func (s *server) cached(p *pod) (*libcni.NetworkConfigList, *libcni.RuntimeConf) {
	network, rt := s.networks[0], runtimeConf(p)
	text, old, err := s.cni.GetNetworkListCachedConfig(network, rt)
	if err != nil || text == nil {
		return network, rt
	}
	list, err := libcni.ConfListFromBytes(text)
	if err != nil {
		return network, rt
	}
	return list, old
}

// check is what CRI-O does to learn a Pod's addresses.
func (s *server) check(p *pod) (types.Result, error) {
	ctx, cancel := context.WithTimeout(context.Background(), checkLimit)
	defer cancel()
	network, rt := s.cached(p)
	if err := s.cni.CheckNetworkList(ctx, network, rt); err != nil {
		return nil, fmt.Errorf("CHECK: %w", err)
	}
	return s.cni.GetNetworkListCachedResult(network, rt)
}

// --- Pods ---------------------------------------------------------------------------------------

// each does something for the Pods at the same time, alone with each of them.
func (s *server) each(names []string, do func(name string) error) error {
	var wait sync.WaitGroup
	errs := make([]error, len(names))
	slots := make(chan struct{}, s.atOnce)
	for i, name := range names {
		wait.Add(1)
		slots <- struct{}{}
		go func(i int, name string) {
			defer func() { <-slots; wait.Done() }()
			unlock, err := s.lock("pods/"+name, syscall.LOCK_EX)
			if err == nil {
				defer unlock()
				err = do(name)
			}
			if err != nil {
				errs[i] = fmt.Errorf("Pod %s: %w", name, err)
			}
		}(i, name)
	}
	wait.Wait()
	return errors.Join(errs...)
}

func (s *server) add(p *pod) (types.Result, error) {
	ctx, cancel := context.WithTimeout(context.Background(), s.addLimit)
	defer cancel()
	if _, err := s.cni.AddNetworkList(ctx, s.networks[0], runtimeConf(p)); err != nil {
		return nil, fmt.Errorf("ADD: %w", err)
	}
	return s.check(p)
}

func (s *server) run(name string) error {
	random := make([]byte, 48)
	if _, err := rand.Read(random); err != nil {
		return err
	}
	p := &pod{
		Name:  name,
		ID:    hex.EncodeToString(random[:32]),
		UID:   hex.EncodeToString(random[32:]),
		NetNS: "/run/netns/" + name,
	}
	if err := makeNetNS(p.NetNS); err != nil {
		return fmt.Errorf("make its network namespace: %w", err)
	}
	if err := s.writePod(p); err != nil {
		return err
	}
	result, err := s.add(p)
	if err != nil {
		return errors.Join(err, s.stop(name))
	}
	text, err := json.Marshal(map[string]any{"pod": name, "id": p.ID, "result": result})
	if err != nil {
		return err
	}
	fmt.Println(string(text))
	return nil
}

// stop calls DEL whether there is a namespace or not. If it fails nobody calls it again: namespace
// and cache are removed, and the Pod counts as stopped.
func (s *server) stop(name string) error {
	p, err := s.readPod(name)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(context.Background(), s.delLimit)
	defer cancel()
	network, rt := s.cached(p)
	if err = s.cni.DelNetworkList(ctx, network, rt); err != nil {
		err = fmt.Errorf("DEL: %w", err)
	}
	cache := fmt.Sprintf("%s-%s-%s", network.Name, p.ID, ifName)
	os.Remove(filepath.Join(s.state, "cni", "results", cache)) // mostly, DEL has removed it
	return errors.Join(err, removeNetNS(p.NetNS), os.Remove(s.podFile(name)))
}

// collect gives every network its list: the living Pods to the default one, and to the others none
// at all, which libcni sends as null, though Pods may have them by way of Multus.
func (s *server) collect(living []*pod) error {
	ctx, cancel := context.WithTimeout(context.Background(), gcLimit)
	defer cancel()
	valid := map[string][]types.GCAttachment{}
	for _, p := range living {
		name := s.networks[0].Name
		valid[name] = append(valid[name], types.GCAttachment{ContainerID: p.ID, IfName: ifName})
	}
	var errs []error
	for _, network := range s.networks {
		args := &libcni.GCArgs{ValidAttachments: valid[network.Name]}
		if err := s.cni.GCNetworkList(ctx, network, args); err != nil {
			errs = append(errs, fmt.Errorf("GC of %s: %w", network.Name, err))
		}
	}
	return errors.Join(errs...)
}

func (s *server) restart() error {
	if err := os.Remove(filepath.Join(s.state, "ready")); err != nil && !os.IsNotExist(err) {
		return err
	}
	living, err := s.livingPods()
	if err != nil {
		return err
	}
	names := make([]string, len(living))
	for i, p := range living {
		names[i] = p.Name
	}
	return errors.Join(s.collect(living), s.each(names, func(name string) error {
		p, err := s.readPod(name)
		if err == nil {
			_, err = s.check(p)
		}
		return err
	}))
}

func (s *server) do(command string, names []string) error {
	how := syscall.LOCK_SH
	if command == "restart" {
		how = syscall.LOCK_EX
	}
	unlock, err := s.lock("gc", how)
	if err != nil {
		return err
	}
	defer unlock()
	if command == "run" {
		if err := s.waitReady(); err != nil {
			return err
		}
		return s.each(names, s.run)
	}
	if err := s.load(); err != nil {
		return err
	}
	switch command {
	case "load":
		for _, network := range s.networks {
			fmt.Println(network.Name, network.CNIVersion)
		}
		return nil
	case "stop":
		return s.each(names, s.stop)
	default:
		return s.restart()
	}
}

func usage() {
	fmt.Fprintln(os.Stderr, "usage: crio-like [OPTION...] load|restart, or run|stop POD...")
	flag.PrintDefaults()
	os.Exit(2)
}

func main() {
	s := &server{}
	path := flag.String("cni-path", "/opt/cni/bin", "directories of plugins, separated by ':'")
	flag.StringVar(&s.state, "state", "/run/crio-like", "directory of what is kept")
	flag.StringVar(&s.confDir, "conf-dir", "/etc/cni/net.d", "directory of the networks")
	flag.DurationVar(&s.addLimit, "add-limit", 5*time.Minute, "how long an ADD may take")
	flag.DurationVar(&s.delLimit, "del-limit", time.Minute, "how long a DEL may take")
	flag.DurationVar(&s.readyLimit, "ready-limit", time.Minute, "how long STATUS is tried")
	flag.IntVar(&s.atOnce, "at-once", 2, "Pods that are worked on at the same time")
	flag.Usage = usage
	flag.Parse()
	command, names := flag.Arg(0), flag.Args()[min(1, flag.NArg()):]
	switch command {
	case "load", "restart":
		if len(names) != 0 {
			usage()
		}
	case "run", "stop":
		if len(names) == 0 {
			usage()
		}
	default:
		usage()
	}
	for _, dir := range []string{filepath.Join(s.state, "pods"), "/run/netns"} {
		if err := os.MkdirAll(dir, 0o755); err != nil {
			say("%v", err)
			os.Exit(1)
		}
	}
	s.cni = libcni.NewCNIConfigWithCacheDir(filepath.SplitList(*path),
		filepath.Join(s.state, "cni"), nil)
	if err := s.do(command, names); err != nil {
		say("%v", err)
		os.Exit(1)
	}
}
