// SPDX-License-Identifier: Apache-2.0
/* step_pair.c - step "device" of a pair; the kernel deletes the Pod end together with the host end */
#include "attach/steps.h"

#include "base/error.h"
#include "ip/sysctl.h"
#include "kernel/netkit.h"
#include "kernel/uapi.h"
#include "nic/device.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/banned.h"

#define PATH_SIZE 64 /* of a kernel parameter of the host end */

void nk_step_host_name(const struct nk_key *key, char ret[IFNAMSIZ])
{
	snprintf(ret, IFNAMSIZ, "nk%013llx", (unsigned long long)(nk_device_hash(key) >> 12));
}

/* choose_host_mac() - 46 bits of a hash of the key, as a locally administered unicast address, and never the
 * configured MAC of the Pod.
 *
 * If the kernel chose the address, udev would change it after the result has been printed
 * (MACAddressPolicy=persistent, the default of every systemd distribution).
 */
static void choose_host_mac(const struct nk_attachment *att, uint8_t ret[NK_MAC_LEN])
{
	const uint64_t hash = nk_device_hash(&att->claim.key);
	int i;

	for (i = 0; i < NK_MAC_LEN; i++)
		ret[i] = (uint8_t)(hash >> 8 * i);
	ret[0] = (ret[0] & 0xfc) | 0x02;
	if (!memcmp(ret, att->claim.mac, NK_MAC_LEN))
		ret[NK_MAC_LEN - 1] ^= 1;
}

/* accept_ra_path() - off, so that a Pod cannot give the host routes by advertising them (CVE-2020-10749) */
static void accept_ra_path(const struct nk_attachment *att, char ret[PATH_SIZE])
{
	snprintf(ret, PATH_SIZE, "net/ipv6/conf/%s/accept_ra", att->host_name);
}

/* set_up_ends() - after both ends were created */
static int set_up_ends(struct nk_attachment *att, struct nk_error *err)
{
	char alias[NK_ALIAS_SIZE], path[PATH_SIZE];
	int rc;

	nk_device_alias(&att->claim.key, alias);
	rc = nk_link_set_alias(&att->host, att->host_ifindex, alias, err);
	if (rc)
		return rc;
	accept_ra_path(att, path);
	rc = nk_sysctl_write(-1, path, "0", err);
	if (rc == -ENOENT) { /* a kernel without IPv6 */
		nk_error_reset(err);
		rc = 0;
	}
	return rc ? rc : nk_link_set_up(&att->pod, att->claim.ifindex, err);
}

static int create_pair(struct nk_attachment *att, struct nk_add *add, struct nk_error *err)
{
	const struct nk_config *config = add->config;
	const bool l3 = config->netkit.mode == NK_NETKIT_L3;
	const struct nk_netkit_spec spec = {
		.name = att->claim.key.ifname,
		.mac = l3 ? NULL : att->claim.mac,
		.mtu = att->claim.mtu,
		.num_rx_queues = config->queue_max + 1,
		.host_name = att->host_name,
		.host_mac = l3 ? NULL : att->host_mac,
		.netns_fd = att->netns_fd,
		.options = config->netkit,
	};
	struct nk_link link;
	int rc;

	nk_step_host_name(&att->claim.key, att->host_name);
	choose_host_mac(att, att->host_mac);
	rc = config->queue_count ? nk_nl_open(&att->pod, att->netns_fd, "Pod", err) :
				   nk_nl_open_rtnl(&att->pod, att->netns_fd, "Pod", err);
	if (!rc)
		rc = nk_netkit_create_pair(&att->host, &spec, &link, err);
	add->name_taken = rc == -EEXIST;
	add->asked = rc && rc != -EEXIST; /* perhaps only the reply was lost */
	if (rc)
		return rc;
	att->host_nsid = NK_NSID_HERE;
	att->host_ifindex = link.ifindex;
	att->claim.ifindex = link.peer_ifindex;
	memcpy(att->host_mac, link.mac, NK_MAC_LEN);
	rc = nk_step_update_claims(att, err);
	if (!rc)
		rc = nk_link_nsid(&att->host, att->netns_fd, true, &att->claim.nsid, err);
	return rc ? rc : set_up_ends(att, err);
}

static int check_accept_ra(const struct nk_attachment *att, struct nk_error *err)
{
	char path[PATH_SIZE], found[NK_SYSCTL_SIZE];
	int rc;

	accept_ra_path(att, path);
	rc = nk_sysctl_read(-1, path, found, err);
	if (rc == -ENOENT) /* without IPv6 there are no advertisements */
		nk_error_reset(err);
	if (rc)
		return rc == -ENOENT ? 0 : rc;
	return strcmp(found, "0") ? nk_step_differs(err, att->host_name, path, "0", found) : 0;
}

static int check_host_end(const struct nk_attachment *att, const struct nk_link *host,
			  struct nk_error *err)
{
	struct nk_netkit_difference difference;
	char alias[NK_ALIAS_SIZE];

	nk_device_alias(&att->claim.key, alias);
	if (strcmp(host->name, att->host_name) != 0)
		return nk_step_differs(err, att->host_name, "name", att->host_name, host->name);
	if (!host->up)
		return nk_step_differs(err, host->name, "state", "up", "down");
	if (host->mtu != att->claim.mtu)
		return nk_step_differs_by(err, host->name, "MTU", att->claim.mtu, host->mtu);
	if (host->group != NK_LINK_GROUP)
		return nk_step_differs_by(err, host->name, "group", NK_LINK_GROUP, host->group);
	if (strcmp(host->alias, alias) != 0 &&
	    !nk_device_is_cut_alias(&att->claim.key, host->alias))
		return nk_step_differs(err, host->name, "alias", alias, host->alias);
	if (!nk_netkit_compare(&att->netkit, &host->netkit, &difference))
		return nk_step_differs(err, host->name, difference.option, difference.want,
				       difference.got);
	return check_accept_ra(att, err);
}

/* refuse_unclaimed() - the device has room for leases, as only that of a pair with queues has */
static int refuse_unclaimed(const struct nk_attachment *att, struct nk_error *err)
{
	nk_error_set(err, NK_CODE_CHECK, ENOENT, "CHECK: the claims are lost",
		     "no claim names %s of container %.16s, which was made with queues",
		     att->claim.key.ifname, att->claim.key.container_id);
	return nk_error_remedy(err, "somebody has removed its claims below the bpffs: recreate the "
				    "Pod");
}

static int check_pod_end(const struct nk_attachment *att, const struct nk_link *pod,
			 struct nk_error *err)
{
	if (strcmp(pod->kind, "netkit") != 0 || pod->peer_ifindex != att->host_ifindex)
		return nk_step_differs(err, att->claim.key.ifname, "kind",
				       "the other end of a netkit pair",
				       *pod->kind ? pod->kind : "none");
	if (!att->lease_count && nk_device_has_room(pod))
		return refuse_unclaimed(att, err);
	return nk_step_check_link(&att->claim, pod, err);
}

static int read_ends(struct nk_attachment *att, struct nk_link *host, struct nk_link *pod,
		     struct nk_error *err)
{
	int32_t nsid;
	int rc = nk_link_get(&att->host, NK_NSID_HERE, NULL, att->host_ifindex, host, err);

	if (!rc)
		rc = nk_link_nsid(&att->host, att->netns_fd, true, &nsid, err);
	if (!rc)
		rc = nk_link_get(&att->host, nsid, NULL, att->claim.ifindex, pod, err);
	if (rc)
		nk_step_wrap_gone(&att->claim, err);
	return rc;
}

/* check_pair() - nk_result_check_prev() compares the MACs with those of prevResult. */
static int check_pair(struct nk_attachment *att, struct nk_error *err)
{
	struct nk_link host, pod;
	int rc;

	if (att->host_nsid != NK_NSID_HERE)
		return nk_step_differs(err, att->host_name, "netns", "the host's", "another one");
	rc = read_ends(att, &host, &pod, err);
	if (!rc)
		rc = check_host_end(att, &host, err);
	return rc ? rc : check_pod_end(att, &pod, err);
}

int nk_attach_read_macs(struct nk_attachment *att, struct nk_error *err)
{
	struct nk_link host, pod;
	int rc = att->claim.pair ? read_ends(att, &host, &pod, err) : 0;

	if (rc || !att->claim.pair)
		return rc;
	memcpy(att->claim.mac, pod.mac, NK_MAC_LEN);
	memcpy(att->host_mac, host.mac, NK_MAC_LEN);
	return 0;
}

static int remove_pair(struct nk_attachment *att, const struct nk_delete_options *how UNUSED,
		       struct nk_error *err)
{
	int rc = att->host_ifindex ? 1 : nk_attach_find_pair(att, err);

	if (rc <= 0)
		return rc;
	rc = nk_link_remove(&att->host, att->host_nsid, att->host_ifindex, err);
	if (!rc)
		att->host_ifindex = 0;
	return rc;
}

const struct nk_step nk_step_pair = {
	.name = "pair",
	.create = create_pair,
	.check = check_pair,
	.remove = remove_pair,
};
