// SPDX-License-Identifier: Apache-2.0
/*
 * config_keys.c - unknown keys of the configuration: one table decides
 *
 *  keys of runtimes       tolerated: a runtime writes them into every plugin's object
 *  keys of other plugins  refused: their author expects something that nk-cni does not do
 *  misspelt keys          refused: the default would be used silently
 *  all others             tolerated with a warning, in the log and in logFile
 */
#include "cni/config_parts.h"

#include "base/error.h"
#include "base/log.h"
#include "base/spelling.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "base/banned.h"

/* Not listed are those that nk-cni has a field for: Multus' deviceID, pciBusID and args
 * (pkg/types/conf.go), libcni's name, cniVersion, prevResult and runtimeConfig, and capabilities,
 * which libcni passes on.
 */
static const char *const runtimes[] = {
	"cni.dev/valid-attachments", /* libcni, with GC (CNI 1.1.0) */
	"cni.dev/attachments",	     /* the same, in the specification's tag v1.1.0 */
	"disableCheck", /* libcni reads these three of a list; Multus and cnitool make a list */
	"disableGC",	/* of a plain configuration and leave them in it */
	"loadOnlyInlinedPlugins",
};

/* What to use instead, where several keys have the same replacement. */
static const char use_steering[] =
	"remove this key; for a single, set \"steering\": [{\"match\": \"mac\", \"vlan\": 100}]: the "
	"Pod receives the frames of VLAN 100 with their tags, and must tag what it sends";
static const char use_shaper[] =
	"limit the rate at the switch port, or for a pair with tc on the host device; remove this "
	"key";
static const char use_switch[] =
	"filter at the switch port, since nk-cni cannot filter what a Pod sends on a leased "
	"queue; remove this key";
static const char use_nft[] = "masquerade with nftables on the host; remove this key";
static const char use_routes[] =
	"set the default route with \"ipam\": {\"routes\": [{\"dst\": \"0.0.0.0/0\"}]} and remove "
	"this key; a pair's host device always has the gateway address";
static const char use_master[] = "set \"master\" or \"deviceID\" to the NIC";
static const char use_host[] = "\"master\" is always a NIC of the host; remove this key";
static const char use_nothing[] = "nk-cni creates no bridge and no switch port; remove this key";
static const char use_policy[] =
	"filter with an XDP program (bpf/README.md, \"Policy\") or, for a pair, with the plugin "
	"\"firewall\" after nk-cni; remove this key";
static const char use_tuning[] =
	"put the plugin \"tuning\" after nk-cni in the list; remove this key";

static const struct peer {
	const char *key, *whose, *instead;
} peers[] = {
	{ "vlan", "sriov-cni, bridge and ovs-cni", use_steering },
	{ "vlanId", "vlan", use_steering },
	{ "vlanProto", "sriov-cni", use_steering },
	{ "vlanQoS", "sriov-cni", use_steering },
	{ "vlanTrunk", "bridge", use_steering },
	{ "trunk", "ovs-cni", use_steering },
	{ "preserveDefaultVlan", "bridge", use_nothing },
	{ "spoofchk", "sriov-cni", use_switch },
	{ "macspoofchk", "bridge", use_switch },
	{ "trust", "sriov-cni",
	  "nk-cni uses no VF: set the device's MAC with \"mac\", and remove this key" },
	{ "link_state", "sriov-cni",
	  "nk-cni cannot set a link state: the Pod uses the link of the NIC; remove this key" },
	{ "min_tx_rate", "sriov-cni", use_shaper },
	{ "max_tx_rate", "sriov-cni", use_shaper },
	{ "ingressRate", "bandwidth", use_shaper },
	{ "ingressBurst", "bandwidth", use_shaper },
	{ "egressRate", "bandwidth", use_shaper },
	{ "egressBurst", "bandwidth", use_shaper },
	{ "rdmaIsolation", "sriov-cni", "a netkit device has no RDMA; remove this key" },
	{ "ipMasq", "bridge and ptp", use_nft },
	{ "ipMasqBackend", "bridge and ptp", use_nft },
	{ "isGateway", "bridge", use_routes },
	{ "isDefaultGateway", "bridge", use_routes },
	{ "forceAddress", "bridge", use_nothing },
	{ "bridge", "bridge and ovs-cni", use_nothing },
	{ "hairpinMode", "bridge", use_nothing },
	{ "promiscMode", "bridge", use_nothing },
	{ "portIsolation", "bridge", use_policy },
	{ "enabledad", "bridge", "set \"dad\": true; remove this key" },
	{ "disableContainerInterface", "bridge",
	  "nk-cni always creates a device: remove this key, or use a list without nk-cni" },
	{ "linkInContainer", "macvlan, ipvlan and vlan", use_host },
	{ "linksInContainer", "bond", use_host },
	{ "links", "bond", use_master },
	{ "failOverMac", "bond", use_master },
	{ "miimon", "bond", use_master },
	{ "device", "host-device", use_master },
	{ "hwaddr", "host-device", use_master },
	{ "kernelpath", "host-device", use_master },
	{ "if0", "sriov-cni", use_master },
	{ "sysctl", "tuning", use_tuning },
	{ "promisc", "tuning", use_tuning },
	{ "allmulti", "tuning", use_tuning },
	{ "txQLen", "tuning", use_tuning },
	{ "ingressPolicy", "firewall", use_policy },
	{ "interface_type", "ovs-cni", use_nothing },
	{ "ofport_request", "ovs-cni", use_nothing },
	{ "socket_file", "ovs-cni", use_nothing },
	{ "sharedDir", "userspace",
	  "the result has the map's path as \"socketPath\"; remove this key" },
	{ "skipUnloadBpf", "afxdp", "set \"xdp\": {\"keep\": true}; remove this key" },
	{ "ethtoolCmds", "afxdp", "configure the NIC with \"rss\", \"steering\" and \"rings\"" },
	{ "dpSyncer", "afxdp", "name the NIC and its queues with \"deviceID\"; remove this key" },
};

static int refuse_key(const struct nk_json *member, struct nk_error *err, const char *why,
		      const char *whose, const char *instead)
{
	char msg[160], value[64];

	nk_json_print_short(member, value, sizeof(value));
	snprintf(msg, sizeof(msg), "unsupported key \"%.48s\": %s", nk_json_key(member), value);
	nk_error_set(err, NK_CODE_UNSUPPORTED, EINVAL, msg, "%s%s", why, whose);
	return nk_error_remedy(err, "%s", instead);
}

static int refuse_peers(const struct nk_json *member, struct nk_error *err)
{
	size_t i;

	/* Go's plugins ignore the case of keys. */
	for (i = 0; i < sizeof(peers) / sizeof(peers[0]); i++)
		if (!strcasecmp(nk_json_key(member), peers[i].key))
			return refuse_key(member, err,
					  "nk-cni does not support this key of other plugins: ",
					  peers[i].whose, peers[i].instead);
	return 0;
}

static int refuse_misspelt(const struct nk_json *member, const struct nk_json_field *ours,
			   struct nk_error *err)
{
	char instead[64];

	for (; ours->key; ours++) {
		if (!nk_spelling_is_near(nk_json_key(member), ours->key))
			continue;
		snprintf(instead, sizeof(instead), "did you mean \"%s\"?", ours->key);
		return refuse_key(member, err, "nk-cni has no such key", "", instead);
	}
	return 0;
}

static bool is_known(const char *key, const struct nk_json_field *ours)
{
	size_t i;

	for (; ours->key; ours++)
		if (!strcmp(key, ours->key))
			return true;
	for (i = 0; i < sizeof(runtimes) / sizeof(runtimes[0]); i++)
		if (!strcmp(key, runtimes[i]))
			return true;
	return false;
}

int nk_config_check_keys(const struct nk_json *json, const struct nk_json_field *ours,
			 const char *network, struct nk_error *err)
{
	const struct nk_json *member;
	int rc = 0;

	for (member = nk_json_first(json); member && !rc; member = nk_json_next(member)) {
		/* null counts as absent */
		if (is_known(nk_json_key(member), ours) || nk_json_is_null(member))
			continue;
		rc = refuse_peers(member, err);
		if (!rc)
			rc = refuse_misspelt(member, ours, err);
		if (!rc)
			nk_log_warn(
				"unknown key \"%s\" in the configuration of network %s: ignored",
				nk_json_key(member), network);
	}
	return rc;
}
