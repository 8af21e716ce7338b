// SPDX-License-Identifier: Apache-2.0
/* physical.c - explain why a virtual device cannot lend queues */
#include "kernel/physical.h"

#include "base/cleanup.h"
#include "base/error.h"
#include "kernel/link.h"
#include "kernel/sysnet.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>

#include "base/banned.h"

#define LOWER "lower_" /* prefix of the links in sysfs to the devices below */

static const struct kind {
	const char *kind, *what, *below;
} kinds[] = {
	{ "bond", "a bond", "name one of its slaves in \"master\"" },
	{ "team", "a team", "name one of its ports in \"master\"" },
	{ "bridge", "a bridge", "name the NIC that is its port in \"master\"" },
	{ "vlan", "a VLAN device",
	  "put the id of the VLAN into \"steering\": [{\"match\": \"mac\", \"vlan\": N}], and name "
	  "the parent of the VLAN device in \"master\"" },
	{ "macvlan", "a macvlan device", "name its parent in \"master\"" },
	{ "macvtap", "a macvtap device", "name its parent in \"master\"" },
	{ "ipvlan", "an ipvlan device", "name its parent in \"master\"" },
	{ "tun", "a tun or tap device", NULL },
	{ "veth", "a veth", NULL },
};

/* list_lower() - the names of the devices below, with commas; empty if there are none */
static void list_lower(uint32_t ifindex, char *ret, size_t size)
{
	int fd cleanup_close = nk_sysnet_open(ifindex, NULL, O_DIRECTORY);
	DIR *dir cleanup_closedir = nk_steal_dir(&fd);
	const struct dirent *entry;
	size_t used = 0;

	*ret = '\0';
	while (dir && used < size && (entry = readdir(dir)) != NULL)
		if (!strncmp(entry->d_name, LOWER, sizeof(LOWER) - 1))
			used += (size_t)snprintf(ret + used, size - used, "%s%.15s",
						 used ? ", " : "",
						 entry->d_name + sizeof(LOWER) - 1);
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
	char lower[128], drivers[sizeof(err->remedy)];
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
	list_lower(nic->ifindex, lower, sizeof(lower));
	memcpy(drivers, err->remedy, sizeof(drivers));
	if (kind && kind->below)
		nk_error_remedy(err, "%s%s%s; %s", kind->below, *lower ? ": " : "", lower, drivers);
}
