// SPDX-License-Identifier: Apache-2.0
/* quirk.c - facts about NIC drivers */
#include "nic/quirk.h"

#include "base/error.h"
#include "base/types.h"
#include "kernel/sysnet.h"

#include <errno.h>
#include <string.h>

#include "base/banned.h"

#define GVE_RULES                                                                           \
	("gve accepts only rules that match TCP or UDP addresses and ports: \"steering\": " \
	 "[{\"match\": \"tcp\", \"port\": N}]")

#define GVE_SPLIT                                                              \
	("gve splits headers only with \"xsk\": {\"map\": false} and without " \
	 "\"hdsThreshold\"")

#define BNXT_RULES                                                                \
	("bnxt accepts only rules that match addresses and ports: \"steering\": " \
	 "[{\"match\": \"ip\"}]")

struct quirk {
	const char *driver;
	bool own_tx;
	const char *advice[NK_QUIRK_CASES]; /* NULL: the general one */
};

static const char *const general[NK_QUIRK_CASES] = {
	[NK_QUIRK_NO_RULES] =
		"use a NIC whose driver supports flow rules; or set \"steering\": [] and direct "
		"frames to the queues with another tool, such as the vendor's",
	[NK_QUIRK_MAC_RULE] = "steer by address: \"steering\": [{\"match\": \"ip\"}]; or by port: "
			      "[{\"match\": \"tcp\", \"port\": N}]",
	[NK_QUIRK_MAC_RULE_CONTEXT] =
		"lease one queue (\"queues\": {\"count\": 1}), or steer by address: \"steering\": "
		"[{\"match\": \"ip\"}]",
	[NK_QUIRK_VLAN_RULE] = "leave \"vlan\" out of \"steering\"",
	[NK_QUIRK_IP_RULE] = "steer by port: \"steering\": [{\"match\": \"tcp\", \"port\": N}]; or "
			     "by MAC: [{\"match\": \"mac\"}]",
	[NK_QUIRK_NO_CONTEXTS] =
		"lease one queue (\"queues\": {\"count\": 1}) with \"rss\": {\"context\": "
		"\"auto\"}, or use \"steering\": []",
	[NK_QUIRK_VLAN_STRIP] =
		"frames of all VLANs would look untagged. Use a NIC whose driver can leave the tag "
		"in the frame; or set \"steering\": [] and \"neigh\": \"off\", and direct frames "
		"to the queues yourself, for example with ethtool -N",
	[NK_QUIRK_DATA_SPLIT] = "use a NIC whose driver splits headers, or leave \"rings\" out",
};

static const struct quirk quirks[] = {
	{
		.driver = "mlx5_core",
		.own_tx = true,
		.advice = {
			[NK_QUIRK_MAC_RULE_CONTEXT] =
				"mlx5 directs MAC rules to one queue only: lease one queue, or use "
				"\"steering\": [{\"match\": \"ip\"}]",
			[NK_QUIRK_DATA_SPLIT] =
				"mlx5 splits headers only while hardware GRO is on (ethtool -K "
				"<nic> rx-gro-hw on), which excludes XDP, and only with "
				"\"hdsThreshold\": 0",
		},
	},
	{
		.driver = "gve",
		.own_tx = true,
		.advice = {
			[NK_QUIRK_NO_RULES] =
				"gve has no flow rules on this machine type: use \"steering\": []",
			[NK_QUIRK_MAC_RULE] = GVE_RULES,
			[NK_QUIRK_MAC_RULE_CONTEXT] = GVE_RULES,
			[NK_QUIRK_VLAN_RULE] = "gve does not match VLAN tags: leave \"vlan\" out",
			[NK_QUIRK_IP_RULE] = GVE_RULES,
			[NK_QUIRK_NO_CONTEXTS] =
				"gve has no RSS contexts: lease one queue, or use \"steering\": []",
			[NK_QUIRK_DATA_SPLIT] = GVE_SPLIT,
		},
	},
	{
		.driver = "bnxt_en",
		.advice = {
			[NK_QUIRK_MAC_RULE] = BNXT_RULES,
			[NK_QUIRK_MAC_RULE_CONTEXT] = BNXT_RULES,
			[NK_QUIRK_VLAN_RULE] = "bnxt does not match VLAN tags: leave \"vlan\" out",
			[NK_QUIRK_DATA_SPLIT] =
				"bnxt splits headers only with \"xsk\": {\"map\": false}",
		},
	},
	{
		.driver = "fbnic",
		.advice = {
			[NK_QUIRK_NO_CONTEXTS] =
				"fbnic has only one RSS context: lease one queue",
		},
	},
};

static const struct quirk *find_quirk(const char *driver)
{
	size_t i, size = strlen(driver);

	if (size > 3 && !strcmp(driver + size - 3, ".sf"))
		size -= 3;
	for (i = 0; i < sizeof(quirks) / sizeof(quirks[0]); i++)
		if (strlen(quirks[i].driver) == size && !memcmp(quirks[i].driver, driver, size))
			return &quirks[i];
	return NULL;
}

int nk_quirk_driver(const struct nk_nic *nic, char ret[NK_QUIRK_DRIVER_SIZE])
{
	const char *name;
	char target[512];
	int rc = nk_sysnet_link(nic->ifindex, "device/driver", target, sizeof(target));

	*ret = '\0';
	if (rc)
		return rc == -ENODEV || rc == -ENOENT ? 0 : rc;
	name = strrchr(target, '/');
	name = name ? name + 1 : target;
	if (strlen(name) < NK_QUIRK_DRIVER_SIZE)
		memcpy(ret, name, strlen(name) + 1);
	return 0;
}

void nk_quirk_advise(const char *driver, enum nk_quirk_case what, struct nk_error *err)
{
	const struct quirk *quirk = find_quirk(driver);

	nk_error_remedy(err, "%s",
			quirk && quirk->advice[what] ? quirk->advice[what] : general[what]);
}

void nk_quirk_remedy(const struct nk_nic *nic, enum nk_quirk_case what, struct nk_error *err)
{
	char driver[NK_QUIRK_DRIVER_SIZE];

	(void)nk_quirk_driver(nic, driver); /* if it fails, the general advice is used */
	nk_quirk_advise(driver, what, err);
}

bool nk_quirk_has_own_tx(const char *driver)
{
	const struct quirk *quirk = find_quirk(driver);

	return quirk && quirk->own_tx;
}
