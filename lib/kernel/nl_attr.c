// SPDX-License-Identifier: Apache-2.0
/* nl_attr.c - headers and attributes of netlink messages */
#include "kernel/nl_attr.h"

#include "base/ipaddr.h"

#include <errno.h>
#include <libmnl/libmnl.h>
#include <string.h>

#include "base/banned.h"

struct nlmsghdr *nk_nl_put_header(void *buf, uint16_t type, uint16_t flags, size_t header)
{
	struct nlmsghdr *msg;

	memset(buf, 0, NK_NL_REQUEST_SIZE);
	msg = mnl_nlmsg_put_header(buf);
	msg->nlmsg_type = type;
	msg->nlmsg_flags = flags;
	mnl_nlmsg_put_extra_header(msg, header);
	return msg;
}

void nk_nl_put_ipaddr(struct nlmsghdr *msg, uint16_t type, const struct nk_ipaddr *addr)
{
	mnl_attr_put(msg, type, nk_ipaddr_size(addr), addr->bytes);
}

int nk_nl_parse(const void *attrs, size_t size, uint16_t max, const struct nlattr **ret)
{
	const char *at = attrs;
	const struct nlattr *attr;
	unsigned int i;
	size_t step;

	for (i = 0; i <= max; i++)
		ret[i] = NULL;
	while (size) {
		attr = (const struct nlattr *)at;
		if (size < NLA_HDRLEN || attr->nla_len < NLA_HDRLEN || attr->nla_len > size)
			return -EBADMSG;
		if (mnl_attr_get_type(attr) <= max)
			ret[mnl_attr_get_type(attr)] = attr;
		step = MNL_ALIGN(attr->nla_len);
		if (step >= size) /* the last attribute may lack its padding */
			break;
		at += step;
		size -= step;
	}
	return 0;
}

int nk_nl_parse_message(const struct nlmsghdr *msg, size_t header, uint16_t max,
			const struct nlattr **ret)
{
	const size_t skip = NLMSG_SPACE(header);

	if (msg->nlmsg_len < skip)
		return -EBADMSG;
	return nk_nl_parse((const char *)msg + skip, msg->nlmsg_len - skip, max, ret);
}

int nk_nl_parse_nested(const struct nlattr *attr, uint16_t max, const struct nlattr **ret)
{
	if (!attr)
		return nk_nl_parse(NULL, 0, max, ret);
	return nk_nl_parse(mnl_attr_get_payload(attr), mnl_attr_get_payload_len(attr), max, ret);
}

bool nk_nl_is_errno(int error)
{
	return error < 0 && error >= -4095;
}

/* has_size() - does the attribute exist, with a payload of that size? */
static bool has_size(const struct nlattr *attr, size_t size)
{
	return attr && mnl_attr_get_payload_len(attr) == size;
}

uint16_t nk_nl_u16(const struct nlattr *attr)
{
	return has_size(attr, 2) ? mnl_attr_get_u16(attr) : 0;
}

uint32_t nk_nl_u32(const struct nlattr *attr)
{
	return has_size(attr, 4) ? mnl_attr_get_u32(attr) : 0;
}

uint64_t nk_nl_u64(const struct nlattr *attr)
{
	return has_size(attr, 8) ? mnl_attr_get_u64(attr) : 0;
}

const char *nk_nl_str(const struct nlattr *attr)
{
	const char *str;
	uint16_t len;

	if (!attr)
		return "";
	str = mnl_attr_get_payload(attr);
	len = mnl_attr_get_payload_len(attr);
	return len && !str[len - 1] ? str : "";
}

bool nk_nl_mac(const struct nlattr *attr, uint8_t ret[NK_MAC_LEN])
{
	if (!has_size(attr, NK_MAC_LEN))
		return false;
	memcpy(ret, mnl_attr_get_payload(attr), NK_MAC_LEN);
	return true;
}

bool nk_nl_ipaddr(const struct nlattr *attr, uint8_t family, struct nk_ipaddr *ret)
{
	*ret = (struct nk_ipaddr){ .family = family };
	if (!has_size(attr, nk_ipaddr_size(ret)))
		return false;
	memcpy(ret->bytes, mnl_attr_get_payload(attr), nk_ipaddr_size(ret));
	return true;
}
