// SPDX-License-Identifier: GPL-2.0-only
/*
 * Module parameters: how many NICs and of what size, and the quirks of drivers a test can ask for.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/module.h>
#include <linux/string.h>

#include "labnic.h"

struct labnic_param labnic_param = {
	.pairs = 1,
	.queues = 8,
	.contexts = LABNIC_MAX_CONTEXTS,
	.table = 128,
	.ntuple = true,
	.rules = 256,
	.ether = true,
	.ether_context = true,
};

module_param_named(pairs, labnic_param.pairs, uint, 0444);
MODULE_PARM_DESC(pairs, "wires to make, 1 to 16 (default 1)");

module_param_named(queues, labnic_param.queues, uint, 0444);
MODULE_PARM_DESC(queues, "rx and tx queues of each NIC, 1 to 128 (default 8)");

module_param_named(contexts, labnic_param.contexts, uint, 0444);
MODULE_PARM_DESC(contexts, "RSS contexts beside the default one, 0 to 15 (default 15); "
			   "0: as a driver that has none");

module_param_named(table, labnic_param.table, uint, 0444);
MODULE_PARM_DESC(table, "entries of each RSS table, 1 to 2048 (default 128)");

module_param_named(resize, labnic_param.resize, bool, 0444);
MODULE_PARM_DESC(resize,
		 "1: the size of the RSS table follows the number of queues, as with mlx5 and "
		 "bnxt; the parameter table is that for all queues (default 0: it stays)");

module_param_named(tx, labnic_param.tx, uint, 0444);
MODULE_PARM_DESC(
	tx, "tx queues at first, where they are to be fewer than rx queues (default 0: as many)");

module_param_named(ntuple, labnic_param.ntuple, bool, 0444);
MODULE_PARM_DESC(ntuple, "flow rules (default 1); 0: as a driver that has none");

module_param_named(rules, labnic_param.rules, uint, 0444);
MODULE_PARM_DESC(rules, "flow rules that fit in, 1 to 4096 (default 256)");

static const char *const labnic_locations_name[] = {
	[LABNIC_LOCATIONS_BOTH] = "both",
	[LABNIC_LOCATIONS_EXPLICIT] = "explicit",
	[LABNIC_LOCATIONS_ANY] = "any",
};

static char *locations = "both";
module_param(locations, charp, 0444);
MODULE_PARM_DESC(locations, "who chooses the location of a flow rule: explicit (the user, as with "
			    "mlx5), any (the NIC, as with bnxt) or both (default)");

module_param_named(ether, labnic_param.ether, bool, 0444);
MODULE_PARM_DESC(ether, "flow rules by Ethernet header (default 1); 0: refused");

module_param_named(ether_context, labnic_param.ether_context, bool, 0444);
MODULE_PARM_DESC(ether_context, "flow rules by Ethernet header may lead to an RSS context "
				"(default 1); 0: refused, as by mlx5");

module_param_named(fixed_vlan, labnic_param.fixed_vlan, bool, 0444);
MODULE_PARM_DESC(fixed_vlan, "1: VLAN tags are always stripped (default 0: can be switched off)");

module_param_named(stag, labnic_param.stag, bool, 0444);
MODULE_PARM_DESC(stag, "1: service tags (802.1ad) are stripped too, until that is switched off "
		       "(default 0: never)");

module_param_named(netmem_tx, labnic_param.netmem_tx, bool, 0444);
MODULE_PARM_DESC(netmem_tx, "1: sends what lies in device memory, and sums what it sends "
			    "(default 0: neither)");

module_param_named(split, labnic_param.split, bool, 0444);
MODULE_PARM_DESC(split, "1: splits headers by its own choice (default 0: only if told to)");

module_param_named(irq, labnic_param.irq, uint, 0444);
MODULE_PARM_DESC(irq, "the interrupt said to serve queue 0, the next for queue 1 and so on "
		      "(default 0: none is said to); there is none");

static unsigned int fail_op;
module_param(fail_op, uint, 0644);
MODULE_PARM_DESC(fail_op, "the N-th change of a NIC from now on fails, once (default 0: none)");

static const struct {
	const char *name;
	const unsigned int *value;
	unsigned int min, max;
} labnic_range[] = {
	{ "pairs", &labnic_param.pairs, 1, LABNIC_MAX_PAIRS },
	{ "queues", &labnic_param.queues, 1, LABNIC_MAX_QUEUES },
	{ "contexts", &labnic_param.contexts, 0, LABNIC_MAX_CONTEXTS },
	{ "table", &labnic_param.table, 1, LABNIC_MAX_TABLE },
	{ "tx", &labnic_param.tx, 0, LABNIC_MAX_QUEUES },
	{ "rules", &labnic_param.rules, 1, LABNIC_MAX_RULES },
	{ "irq", &labnic_param.irq, 0, 65535 },
};

int __init labnic_param_check(void)
{
	unsigned int i;
	int found;

	for (i = 0; i < ARRAY_SIZE(labnic_range); i++) {
		if (*labnic_range[i].value >= labnic_range[i].min &&
		    *labnic_range[i].value <= labnic_range[i].max)
			continue;
		pr_err("%s=%u, but it must be %u to %u\n", labnic_range[i].name,
		       *labnic_range[i].value, labnic_range[i].min, labnic_range[i].max);
		return -EINVAL;
	}
	found = match_string(labnic_locations_name, ARRAY_SIZE(labnic_locations_name), locations);
	if (found < 0) {
		pr_err("locations=%s, but it must be both, explicit or any\n", locations);
		return -EINVAL;
	}
	labnic_param.locations = found;
	return 0;
}

/**
 * __labnic_may_fail() - is this the call that the parameter fail_op chose?
 * @nic: any end, with its instance lock or rtnl held
 * @op: the call, for the log
 *
 * Through labnic_may_fail(), for each callback that changes something. Those that the kernel takes
 * for granted are not counted: while a NIC comes or goes none is, and nobody calls this when an XDP
 * program or a socket's pool is taken away (the kernel would WARN).
 *
 * Return: 0, or -EIO.
 */
int __labnic_may_fail(const struct labnic *nic, const char *op)
{
	unsigned int left = READ_ONCE(fail_op);

	do {
		if (!left || !READ_ONCE(nic->registered))
			return 0;
	} while (!try_cmpxchg(&fail_op, &left, left - 1));
	if (left > 1)
		return 0;
	netdev_info(nic->dev, "%s() fails, as fail_op asks\n", op);
	return -EIO;
}
