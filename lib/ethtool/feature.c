// SPDX-License-Identifier: Apache-2.0
/* feature.c - device features over ethtool netlink */
#include "ethtool/feature.h"

#include "base/error.h"
#include "ethtool/ethtool.h"

#include <errno.h>
#include <libmnl/libmnl.h>
#include <linux/ethtool_netlink.h>
#include <netlink/attr.h>
#include <netlink/msg.h>
#include <string.h>

#include "base/banned.h"

static const struct nk_nl_names bit_names[] = {
	{ ETHTOOL_A_BITSET_BIT_NAME, "name", NULL },
	{ ETHTOOL_A_BITSET_BIT_VALUE, "value", NULL },
	{ 0, NULL, NULL },
};

static const struct nk_nl_names bits_names[] = {
	{ ETHTOOL_A_BITSET_BITS_BIT, "bit", bit_names },
	{ 0, NULL, NULL },
};

static const struct nk_nl_names bitset_names[] = {
	{ ETHTOOL_A_BITSET_BITS, "bits", bits_names },
	{ 0, NULL, NULL },
};

static const struct nk_nl_names names[] = {
	{ ETHTOOL_A_FEATURES_HEADER, "header", nk_ethtool_header_names },
	{ ETHTOOL_A_FEATURES_WANTED, "wanted", bitset_names },
	{ 0, NULL, NULL },
};

/* A feature, as the kernel reports it. */
struct state {
	const char *name;
	bool known, changeable;
	bool wanted; /* the last request; the driver may follow it later, or never */
	bool on;
};

/* find_bit() - find a name in a bit set. @ret_value: its bit. A set without a mask lists only bits that are set, and
 * has no values.
 */
static int find_bit(const struct nlattr *bitset, const char *name, bool *ret_listed,
		    bool *ret_value)
{
	const struct nlattr *set[ETHTOOL_A_BITSET_BITS + 1];
	const struct nlattr *bit[ETHTOOL_A_BITSET_BIT_VALUE + 1];
	const struct nlattr *pos;

	*ret_listed = *ret_value = false;
	if (nk_nl_parse_nested(bitset, ETHTOOL_A_BITSET_BITS, set) ||
	    nk_nl_parse_nested(set[ETHTOOL_A_BITSET_BITS], 0, bit)) /* checks lengths */
		return -EBADMSG;
	if (!set[ETHTOOL_A_BITSET_BITS])
		return 0;
	mnl_attr_for_each_nested(pos, set[ETHTOOL_A_BITSET_BITS]) {
		if (nk_nl_parse_nested(pos, ETHTOOL_A_BITSET_BIT_VALUE, bit))
			return -EBADMSG;
		if (strcmp(nk_nl_str(bit[ETHTOOL_A_BITSET_BIT_NAME]), name) != 0)
			continue;
		*ret_listed = true;
		*ret_value = bit[ETHTOOL_A_BITSET_BIT_VALUE] || set[ETHTOOL_A_BITSET_NOMASK];
	}
	return 0;
}

static int take_state(const struct nlmsghdr *reply, void *data, struct nk_error *err)
{
	const struct nlattr *tb[ETHTOOL_A_FEATURES_NOCHANGE + 1];
	struct state *state = data;
	bool listed, fixed;
	int rc = nk_ethtool_parse(reply, ETHTOOL_A_FEATURES_NOCHANGE, tb, err);

	if (rc)
		return rc;
	/* "hw" lists all features of the kernel, the other sets only those whose bit is set. */
	if (find_bit(tb[ETHTOOL_A_FEATURES_WANTED], state->name, &listed, &state->wanted) ||
	    find_bit(tb[ETHTOOL_A_FEATURES_ACTIVE], state->name, &listed, &state->on) ||
	    find_bit(tb[ETHTOOL_A_FEATURES_NOCHANGE], state->name, &listed, &fixed) ||
	    find_bit(tb[ETHTOOL_A_FEATURES_HW], state->name, &state->known, &state->changeable))
		return nk_nl_garbled(err, "ethtool features");
	state->changeable &= !fixed;
	return 0;
}

static int get_state(struct nk_nl *nl, uint32_t ifindex, struct state *state, struct nk_error *err)
{
	int rc = nk_ethtool_do(nl, nk_ethtool_new(nl, ETHTOOL_MSG_FEATURES_GET, 0, ifindex), names,
			       take_state, state, err);

	if (rc)
		nk_error_wrap(err, "read device features");
	return rc;
}

int nk_feature_get(struct nk_nl *nl, uint32_t ifindex, const char *name, struct nk_feature *ret,
		   struct nk_error *err)
{
	struct state state = { .name = name };
	int rc = get_state(nl, ifindex, &state, err);

	if (!rc)
		*ret = (struct nk_feature){ .known = state.known,
					    .on = state.known && state.on,
					    .changeable = state.changeable };
	return rc;
}

/* build_set() - a bit set with a mask, in which a bit that is listed without a value is off */
static struct nl_msg *build_set(struct nk_nl *nl, uint32_t ifindex, const char *name, bool on)
{
	struct nl_msg *msg = nk_ethtool_new(nl, ETHTOOL_MSG_FEATURES_SET, 0, ifindex);
	struct nlattr *set, *bits, *bit;

	if (!msg)
		return NULL;
	set = nla_nest_start(msg, ETHTOOL_A_FEATURES_WANTED);
	bits = set ? nla_nest_start(msg, ETHTOOL_A_BITSET_BITS) : NULL;
	bit = bits ? nla_nest_start(msg, ETHTOOL_A_BITSET_BITS_BIT) : NULL;
	if (!bit || nla_put_string(msg, ETHTOOL_A_BITSET_BIT_NAME, name) ||
	    (on && nla_put_flag(msg, ETHTOOL_A_BITSET_BIT_VALUE))) {
		nlmsg_free(msg);
		return NULL;
	}
	nla_nest_end(msg, bit);
	nla_nest_end(msg, bits);
	nla_nest_end(msg, set);
	return msg;
}

static int request_change(struct nk_nl *nl, uint32_t ifindex, const char *name, bool on,
			  struct nk_error *err)
{
	return nk_ethtool_do(nl, build_set(nl, ifindex, name, on), names, NULL, NULL, err);
}

/* change_state() - request a change, read @state back, and revert the request if the driver did not follow. Return: 0
 * or a negative errno
 */
static int change_state(struct nk_nl *nl, uint32_t ifindex, struct state *state, bool on,
			struct nk_error *err)
{
	const bool wanted = state->wanted;
	struct nk_error ignored = { 0 };
	int rc = request_change(nl, ifindex, state->name, on, err);

	if (!rc)
		rc = get_state(nl, ifindex, state, err);
	if (!rc && state->on != on && wanted != on)
		(void)request_change(nl, ifindex, state->name, wanted, &ignored);
	return rc;
}

int nk_feature_set(struct nk_nl *nl, uint32_t ifindex, const char *name, bool on,
		   struct nk_error *err)
{
	struct state state = { .name = name };
	int rc = get_state(nl, ifindex, &state, err);

	if (!rc && !state.known)
		rc = nk_error_set(err, NK_CODE_KERNEL, EOPNOTSUPP, "",
				  "this kernel has no such feature: %s", nk_errno_name(EOPNOTSUPP));
	else if (!rc && state.on != on && state.changeable)
		rc = change_state(nl, ifindex, &state, on, err);
	if (!rc && state.on != on)
		rc = nk_error_set(err, NK_CODE_KERNEL, EOPNOTSUPP, "", "the driver keeps it %s%s",
				  on ? "off" : "on",
				  state.changeable ? ", although ethtool reports it as changeable" :
						     " (fixed)");
	if (rc)
		nk_error_class(err, err->code, "cannot turn %s %s", name, on ? "on" : "off");
	return rc;
}
