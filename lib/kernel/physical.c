// SPDX-License-Identifier: Apache-2.0
/* physical.c - explain why a virtual device cannot lend queues */
#include "kernel/physical.h"

#include "base/cleanup.h"
#include "base/error.h"
#include "base/list.h"
#include "kernel/link.h"
#include "kernel/sysnet.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>

#include "base/banned.h"

#define LOWER	  "lower_" /* prefix of the links in sysfs to the devices below */
#define LIST_SIZE 160

#define NAME_IT	  "name the NIC below it in \"master\""

static const struct kind {
	const char *kind, *what, *instead;
} kinds[] = {
	{ "bond", "a bond",
	  "name one of its ports in \"master\" (nk-cni plan prints an entry for each)" },
	{ "team", "a team",
	  "name one of its ports in \"master\" (nk-cni plan prints an entry for each)" },
	{ "bridge", "a bridge", "name the NIC that is its port in \"master\"" },
	{ "macvlan", "a macvlan device", NAME_IT },
	{ "macvtap", "a macvtap device", NAME_IT },
	{ "ipvlan", "an ipvlan device", NAME_IT },
	{ "ipvtap", "an ipvtap device", NAME_IT },
	{ "vlan", "a VLAN device", NAME_IT },
	{ "tun", "a tun or tap device", NULL },
	{ "veth", "a veth", NULL },
	{ "netkit", "a netkit device", NULL },
};

/* read_lower() - append the devices directly below one */
static int read_lower(struct nk_nl *nl, uint32_t ifindex, struct nk_link_list *ret,
		      struct nk_error *err)
{
	int fd cleanup_close = nk_sysnet_open(ifindex, NULL, O_DIRECTORY);
	DIR *dir cleanup_closedir = nk_steal_dir(&fd);
	const struct dirent *entry;
	struct nk_link link;
	int rc = 0;

	if (!dir)
		return nk_error_set(err, NK_CODE_KERNEL, fd < 0 ? -fd : errno,
				    "cannot read which devices are below", "ifindex %u", ifindex);
	for (errno = 0; !rc && (entry = readdir(dir)); errno = 0) {
		if (strncmp(entry->d_name, LOWER, sizeof(LOWER) - 1) != 0)
			continue;
		rc = nk_link_get(nl, NK_NSID_HERE, entry->d_name + sizeof(LOWER) - 1, 0, &link,
				 err);
		if (!rc)
			rc = nk_list_add(ret, &link, err);
	}
	if (!rc && errno)
		return nk_error_sys(err, NK_CODE_KERNEL, "cannot read which devices are below",
				    "ifindex %u", ifindex);
	return rc;
}

static bool has_link(const struct nk_link_list *list, uint32_t ifindex)
{
	uint32_t i;

	for (i = 0; i < list->count && list->at[i].ifindex != ifindex; i++)
		;
	return i < list->count;
}

int nk_physical_below(struct nk_nl *nl, uint32_t ifindex, struct nk_link_list *ret,
		      struct nk_error *err)
{
	struct nk_link_list below cleanup_list = { 0 }; /* of all levels */
	int rc = read_lower(nl, ifindex, &below, err);
	struct nk_link link;
	uint32_t i;

	for (i = 0; i < below.count && !rc; i++) {
		link = below.at[i];
		if (*link.kind && !*link.parent_dev)
			rc = read_lower(nl, link.ifindex, &below, err);
		else if (!has_link(ret, link.ifindex))
			rc = nk_list_add(ret, &link, err);
	}
	return rc;
}

/* print_below() - ": ln0, ln1"; or that there are none; or nothing if they cannot be read */
static void print_below(struct nk_nl *nl, uint32_t ifindex, char ret[LIST_SIZE])
{
	struct nk_link_list nics cleanup_list = { 0 };
	struct nk_error unread = { 0 };
	size_t used = 0;
	uint32_t i;

	*ret = '\0';
	if (nk_physical_below(nl, ifindex, &nics, &unread))
		return;
	if (!nics.count)
		snprintf(ret, LIST_SIZE, ": at present there is none");
	for (i = 0; i < nics.count && used < LIST_SIZE; i++)
		used += (size_t)snprintf(ret + used, LIST_SIZE - used, "%s%s", i ? ", " : ": ",
					 nics.at[i].name);
}

static const struct kind *find_kind(const char *kind)
{
	size_t i;

	for (i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
		if (!strcmp(kinds[i].kind, kind))
			return &kinds[i];
	return NULL;
}

void nk_physical_explain(struct nk_nl *nl, const struct nk_nic *nic, struct nk_error *err)
{
	char below[LIST_SIZE], vlan[96] = "", drivers[sizeof(err->remedy)];
	struct nk_error none = { 0 };
	const struct kind *kind;
	struct nk_link link;

	if (nk_link_get(nl, NK_NSID_HERE, NULL, nic->ifindex, &link, &none) || *link.parent_dev)
		return;
	kind = find_kind(link.kind);
	if (kind)
		nk_error_wrap(err, "%s is %s, not a NIC", nic->name, kind->what);
	else
		nk_error_wrap(err, "%s is a virtual device%s%s%s, not a NIC", nic->name,
			      *link.kind ? " (" : "", link.kind, *link.kind ? ")" : "");
	if (!kind || !kind->instead)
		return;
	print_below(nl, nic->ifindex, below);
	if (link.vlan)
		snprintf(vlan, sizeof(vlan),
			 "set \"steering\": [{\"match\": \"mac\", \"vlan\": %u}], and ", link.vlan);
	memcpy(drivers, err->remedy, sizeof(drivers));
	nk_error_remedy(err, "%s%s%s; %s", vlan, kind->instead, below, drivers);
}
