// SPDX-License-Identifier: Apache-2.0
/* flow.c - flow rules: build, compare and print them; no system call */
#include "flow.h"

#include "ipaddr.h"
#include "mac.h"

#include <arpa/inet.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "banned.h"

#define FLAGS	 (FLOW_EXT | FLOW_MAC_EXT | FLOW_RSS)
#define VLAN_VID 0x0fff /* of a tag's 16 bits; the others are priority and drop eligibility */

/* How ethtool(8) writes a field. */
enum form {
	FORM_NUMBER,
	FORM_MAC,
	FORM_IP4,
	FORM_IP6,
};

/* One field of a rule, in the value and at the same place in the mask. */
struct field {
	const char *name; /* of ethtool(8); NULL ends a table */
	enum form form;
	uint16_t offset, size; /* bytes */
	uint32_t flag;	       /* of the flow type, without which the field does not count */
};

#define FIELD(name, form, type, member) \
	{ name, form, offsetof(struct type, member), sizeof(((struct type *)0)->member), 0 }

static const struct field ether_fields[] = {
	FIELD("src", FORM_MAC, ethhdr, h_source),
	FIELD("dst", FORM_MAC, ethhdr, h_dest),
	FIELD("proto", FORM_NUMBER, ethhdr, h_proto),
	{ 0 },
};

static const struct field port4_fields[] = {
	FIELD("src-ip", FORM_IP4, ethtool_tcpip4_spec, ip4src),
	FIELD("dst-ip", FORM_IP4, ethtool_tcpip4_spec, ip4dst),
	FIELD("tos", FORM_NUMBER, ethtool_tcpip4_spec, tos),
	FIELD("src-port", FORM_NUMBER, ethtool_tcpip4_spec, psrc),
	FIELD("dst-port", FORM_NUMBER, ethtool_tcpip4_spec, pdst),
	{ 0 },
};

static const struct field ipsec4_fields[] = {
	FIELD("src-ip", FORM_IP4, ethtool_ah_espip4_spec, ip4src),
	FIELD("dst-ip", FORM_IP4, ethtool_ah_espip4_spec, ip4dst),
	FIELD("tos", FORM_NUMBER, ethtool_ah_espip4_spec, tos),
	FIELD("spi", FORM_NUMBER, ethtool_ah_espip4_spec, spi),
	{ 0 },
};

/* Without ip_ver, which is the same in all of them. */
static const struct field ip4_fields[] = {
	FIELD("src-ip", FORM_IP4, ethtool_usrip4_spec, ip4src),
	FIELD("dst-ip", FORM_IP4, ethtool_usrip4_spec, ip4dst),
	FIELD("tos", FORM_NUMBER, ethtool_usrip4_spec, tos),
	FIELD("l4proto", FORM_NUMBER, ethtool_usrip4_spec, proto),
	FIELD("l4data", FORM_NUMBER, ethtool_usrip4_spec, l4_4_bytes),
	{ 0 },
};

static const struct field port6_fields[] = {
	FIELD("src-ip", FORM_IP6, ethtool_tcpip6_spec, ip6src),
	FIELD("dst-ip", FORM_IP6, ethtool_tcpip6_spec, ip6dst),
	FIELD("tclass", FORM_NUMBER, ethtool_tcpip6_spec, tclass),
	FIELD("src-port", FORM_NUMBER, ethtool_tcpip6_spec, psrc),
	FIELD("dst-port", FORM_NUMBER, ethtool_tcpip6_spec, pdst),
	{ 0 },
};

static const struct field ipsec6_fields[] = {
	FIELD("src-ip", FORM_IP6, ethtool_ah_espip6_spec, ip6src),
	FIELD("dst-ip", FORM_IP6, ethtool_ah_espip6_spec, ip6dst),
	FIELD("tclass", FORM_NUMBER, ethtool_ah_espip6_spec, tclass),
	FIELD("spi", FORM_NUMBER, ethtool_ah_espip6_spec, spi),
	{ 0 },
};

static const struct field ip6_fields[] = {
	FIELD("src-ip", FORM_IP6, ethtool_usrip6_spec, ip6src),
	FIELD("dst-ip", FORM_IP6, ethtool_usrip6_spec, ip6dst),
	FIELD("tclass", FORM_NUMBER, ethtool_usrip6_spec, tclass),
	FIELD("l4proto", FORM_NUMBER, ethtool_usrip6_spec, l4_proto),
	FIELD("l4data", FORM_NUMBER, ethtool_usrip6_spec, l4_4_bytes),
	{ 0 },
};

/* Of a flow type that we do not know: all there is. */
static const struct field unknown_fields[] = {
	{ "bytes", FORM_NUMBER, 0, sizeof(union ethtool_flow_union), 0 },
	{ 0 },
};

/* Of struct ethtool_flow_ext, behind each of the above. */
#define EXT(name, form, member, flag)                            \
	{ name, form, offsetof(struct ethtool_flow_ext, member), \
	  sizeof(((struct ethtool_flow_ext *)0)->member), flag }

static const struct field ext_fields[] = {
	EXT("vlan-etype", FORM_NUMBER, vlan_etype, FLOW_EXT),
	EXT("vlan", FORM_NUMBER, vlan_tci, FLOW_EXT),
	EXT("user-def", FORM_NUMBER, data, FLOW_EXT),
	EXT("dst-mac", FORM_MAC, h_dest, FLOW_MAC_EXT),
	{ 0 },
};

static const struct flow_type {
	const char *name; /* of ethtool(8) */
	uint32_t type;
	const struct field *fields;
} flow_types[] = {
	{ "ether", ETHER_FLOW, ether_fields }, { "tcp4", TCP_V4_FLOW, port4_fields },
	{ "udp4", UDP_V4_FLOW, port4_fields }, { "sctp4", SCTP_V4_FLOW, port4_fields },
	{ "ah4", AH_V4_FLOW, ipsec4_fields },  { "esp4", ESP_V4_FLOW, ipsec4_fields },
	{ "ip4", IPV4_USER_FLOW, ip4_fields }, { "tcp6", TCP_V6_FLOW, port6_fields },
	{ "udp6", UDP_V6_FLOW, port6_fields }, { "sctp6", SCTP_V6_FLOW, port6_fields },
	{ "ah6", AH_V6_FLOW, ipsec6_fields },  { "esp6", ESP_V6_FLOW, ipsec6_fields },
	{ "ip6", IPV6_USER_FLOW, ip6_fields },
};

/* type_of() - the flow type of a rule, or NULL if it is none of them */
static const struct flow_type *type_of(const struct nk_flow *flow)
{
	const uint32_t type = flow->spec.flow_type & ~FLAGS;
	size_t i;

	for (i = 0; i < sizeof(flow_types) / sizeof(flow_types[0]); i++)
		if (flow_types[i].type == type)
			return &flow_types[i];
	return NULL;
}

/* --- build ----------------------------------------------------------------------------------- */

static void build_ip4(const struct nk_steering *how, const struct nk_ipaddr *addr,
		      struct ethtool_rx_flow_spec *spec)
{
	if (how->match == NK_MATCH_IP) {
		spec->flow_type = IPV4_USER_FLOW;
		spec->h_u.usr_ip4_spec.ip_ver = ETH_RX_NFC_IP4; /* its mask is to be 0 */
		memcpy(&spec->h_u.usr_ip4_spec.ip4dst, addr->bytes, 4);
		memset(&spec->m_u.usr_ip4_spec.ip4dst, 0xff, 4);
		return;
	}
	spec->flow_type = how->match == NK_MATCH_TCP ? TCP_V4_FLOW : UDP_V4_FLOW;
	memcpy(&spec->h_u.tcp_ip4_spec.ip4dst, addr->bytes, 4);
	memset(&spec->m_u.tcp_ip4_spec.ip4dst, 0xff, 4);
	spec->h_u.tcp_ip4_spec.pdst = htons(how->port);
	spec->m_u.tcp_ip4_spec.pdst = 0xffff;
}

static void build_ip6(const struct nk_steering *how, const struct nk_ipaddr *addr,
		      struct ethtool_rx_flow_spec *spec)
{
	if (how->match == NK_MATCH_IP) {
		spec->flow_type = IPV6_USER_FLOW;
		memcpy(spec->h_u.usr_ip6_spec.ip6dst, addr->bytes, 16);
		memset(spec->m_u.usr_ip6_spec.ip6dst, 0xff, 16);
		return;
	}
	spec->flow_type = how->match == NK_MATCH_TCP ? TCP_V6_FLOW : UDP_V6_FLOW;
	memcpy(spec->h_u.tcp_ip6_spec.ip6dst, addr->bytes, 16);
	memset(spec->m_u.tcp_ip6_spec.ip6dst, 0xff, 16);
	spec->h_u.tcp_ip6_spec.pdst = htons(how->port);
	spec->m_u.tcp_ip6_spec.pdst = 0xffff;
}

void nk_flow_build(const struct nk_steering *how, const uint8_t mac[NK_MAC_LEN],
		   const struct nk_ipaddr *addr, const struct nk_flow_target *to,
		   struct nk_flow *ret)
{
	struct ethtool_rx_flow_spec *spec = &ret->spec;

	memset(ret, 0, sizeof(*ret)); /* padding too: rules are kept byte by byte */
	if (how->match == NK_MATCH_MAC) {
		spec->flow_type = ETHER_FLOW;
		memcpy(spec->h_u.ether_spec.h_dest, mac, NK_MAC_LEN);
		memset(spec->m_u.ether_spec.h_dest, 0xff, NK_MAC_LEN);
	} else if (addr->family == AF_INET) {
		build_ip4(how, addr, spec);
	} else {
		build_ip6(how, addr, spec);
	}
	if (how->vlan) {
		spec->flow_type |= FLOW_EXT;
		spec->h_ext.vlan_tci = htons(how->vlan);
		spec->m_ext.vlan_tci = htons(VLAN_VID);
	}
	/* The queue would be added to the context's: the core refuses one for most drivers. */
	if (to->is_context) {
		spec->flow_type |= FLOW_RSS;
		ret->context = to->id;
	} else {
		spec->ring_cookie = to->id;
	}
	spec->location = RX_CLS_LOC_ANY;
}

/* --- compare --------------------------------------------------------------------------------- */

/* same_fields() - @a and @b are values, @a_mask and @b_mask their masks, @a_type and @b_type the
 * flow types.
 */
static bool same_fields(const struct field *fields, uint32_t a_type, const uint8_t *a,
			const uint8_t *a_mask, uint32_t b_type, const uint8_t *b,
			const uint8_t *b_mask)
{
	const struct field *field;
	uint8_t a_bits, b_bits;
	size_t i;

	for (field = fields; field->name; field++) {
		for (i = field->offset; i < (size_t)field->offset + field->size; i++) {
			a_bits = !field->flag || a_type & field->flag ? a_mask[i] : 0;
			b_bits = !field->flag || b_type & field->flag ? b_mask[i] : 0;
			if (a_bits != b_bits || (a[i] & a_bits) != (b[i] & b_bits))
				return false;
		}
	}
	return true;
}

bool nk_flow_equal(const struct nk_flow *a, const struct nk_flow *b)
{
	const uint32_t a_type = a->spec.flow_type, b_type = b->spec.flow_type;
	const struct flow_type *type = type_of(a);

	if ((a_type & ~FLAGS) != (b_type & ~FLAGS) || (a_type & FLOW_RSS) != (b_type & FLOW_RSS) ||
	    a->spec.ring_cookie != b->spec.ring_cookie)
		return false;
	if (a_type & FLOW_RSS && a->context != b->context)
		return false;
	return same_fields(type ? type->fields : unknown_fields, a_type, a->spec.h_u.hdata,
			   a->spec.m_u.hdata, b_type, b->spec.h_u.hdata, b->spec.m_u.hdata) &&
	       same_fields(ext_fields, a_type, (const uint8_t *)&a->spec.h_ext,
			   (const uint8_t *)&a->spec.m_ext, b_type, (const uint8_t *)&b->spec.h_ext,
			   (const uint8_t *)&b->spec.m_ext);
}

/* --- print ----------------------------------------------------------------------------------- */

static void append(char text[NK_FLOW_TEXT_SIZE], const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));

static void append(char text[NK_FLOW_TEXT_SIZE], const char *fmt, ...)
{
	const size_t used = strlen(text);
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text + used, NK_FLOW_TEXT_SIZE - used, fmt, ap);
	va_end(ap);
}

/* append_value() - one field's bytes, or its mask's */
static void append_value(char text[NK_FLOW_TEXT_SIZE], const struct field *field,
			 const uint8_t *bytes, bool hex)
{
	struct nk_ipaddr addr = { .family = field->form == FORM_IP4 ? AF_INET : AF_INET6 };
	char word[NK_IPADDR_TEXT_SIZE] = "";
	uint64_t number = 0;
	size_t i;

	switch (field->form) {
	case FORM_MAC:
		nk_mac_text(bytes, word);
		break;
	case FORM_IP4:
	case FORM_IP6:
		memcpy(addr.bytes, bytes, field->size);
		nk_ipaddr_text(&addr, word);
		break;
	case FORM_NUMBER:
		for (i = 0; i < field->size; i++)
			number = number << 8 | bytes[i];
		snprintf(word, sizeof(word), hex ? "%#llx" : "%llu", (unsigned long long)number);
		break;
	}
	append(text, " %s", word);
}

/* append_fields() - those that are compared, each with its mask where that has zeros */
static void append_fields(char text[NK_FLOW_TEXT_SIZE], const struct field *fields,
			  uint32_t flow_type, const uint8_t *value, const uint8_t *mask)
{
	uint8_t ignored[16] = { 0 }; /* ethtool's mask: a bit that is 1 is not compared */
	const struct field *field;
	bool any, all;
	size_t i;

	for (field = fields; field->name; field++) {
		if (field->flag && !(flow_type & field->flag))
			continue;
		any = false;
		all = true;
		for (i = 0; i < field->size; i++) {
			ignored[i] = (uint8_t)~mask[field->offset + i];
			any = any || ignored[i] != 0xff;
			all = all && !ignored[i];
		}
		if (!any)
			continue;
		append(text, " %s", field->name);
		append_value(text, field, value + field->offset, false);
		if (all)
			continue;
		append(text, " %s-mask", field->name);
		append_value(text, field, ignored, true);
	}
}

/* destination_of() - where a rule of ours has its destination. Return: bytes of it */
static size_t destination_of(const struct nk_flow *flow, const uint8_t **ret)
{
	const union ethtool_flow_union *match = &flow->spec.h_u;

	switch (flow->spec.flow_type & ~(uint32_t)(FLOW_EXT | FLOW_MAC_EXT | FLOW_RSS)) {
	case ETHER_FLOW:
		*ret = match->ether_spec.h_dest;
		return NK_MAC_LEN;
	case IPV4_USER_FLOW:
		*ret = (const uint8_t *)&match->usr_ip4_spec.ip4dst;
		return 4;
	case TCP_V4_FLOW:
	case UDP_V4_FLOW:
		*ret = (const uint8_t *)&match->tcp_ip4_spec.ip4dst;
		return 4;
	case IPV6_USER_FLOW:
		*ret = (const uint8_t *)match->usr_ip6_spec.ip6dst;
		return 16;
	case TCP_V6_FLOW:
	case UDP_V6_FLOW:
		*ret = (const uint8_t *)match->tcp_ip6_spec.ip6dst;
		return 16;
	default:
		return 0;
	}
}

uint16_t nk_flow_vlan(const struct nk_flow *flow)
{
	return flow->spec.flow_type & FLOW_EXT ?
		       ntohs(flow->spec.h_ext.vlan_tci & flow->spec.m_ext.vlan_tci) & VLAN_VID :
		       0;
}

bool nk_flow_same_destination(const struct nk_flow *a, const struct nk_flow *b)
{
	const uint8_t *x = NULL, *y = NULL;
	size_t size = destination_of(a, &x);

	return size && size == destination_of(b, &y) && !memcmp(x, y, size);
}

void nk_flow_text(const struct nk_flow *flow, char ret[NK_FLOW_TEXT_SIZE])
{
	const struct ethtool_rx_flow_spec *spec = &flow->spec;
	const struct flow_type *type = type_of(flow);
	const bool is_context = spec->flow_type & FLOW_RSS;

	*ret = '\0';
	if (type) {
		append(ret, "flow-type %s", type->name);
		append_fields(ret, type->fields, spec->flow_type, spec->h_u.hdata, spec->m_u.hdata);
	} else {
		append(ret, "flow-type %#x", spec->flow_type & ~FLAGS);
	}
	append_fields(ret, ext_fields, spec->flow_type, (const uint8_t *)&spec->h_ext,
		      (const uint8_t *)&spec->m_ext);
	if (is_context)
		append(ret, " context %u", flow->context);
	if (spec->ring_cookie & ETHTOOL_RX_FLOW_SPEC_RING_VF &&
	    spec->ring_cookie != RX_CLS_FLOW_DISC && spec->ring_cookie != RX_CLS_FLOW_WAKE)
		append(ret, " vf %llu queue %llu",
		       ethtool_get_flow_spec_ring_vf(spec->ring_cookie) - 1,
		       ethtool_get_flow_spec_ring(spec->ring_cookie));
	else if (!is_context || spec->ring_cookie) /* discard is -1, wake on LAN -2 */
		append(ret, " action %lld", (long long)spec->ring_cookie);
	if (spec->location < RX_CLS_LOC_SPECIAL)
		append(ret, " loc %u", spec->location);
}

/* --- locations ------------------------------------------------------------------------------- */

static int by_number(const void *a, const void *b)
{
	const uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;

	return (x > y) - (x < y);
}

uint32_t nk_flow_free_location(uint32_t *used, uint32_t count, uint32_t size)
{
	uint32_t lowest = 0, i;

	if (count)
		qsort(used, count, sizeof(*used), by_number);
	for (i = 0; i < count; i++)
		if (used[i] == lowest)
			lowest++;
	return size && lowest > size ? size : lowest;
}

uint32_t nk_flow_last_location(uint32_t *used, uint32_t count, uint32_t size)
{
	uint32_t behind = size;

	if (count)
		qsort(used, count, sizeof(*used), by_number);
	for (; count > 0 && behind > 0; count--)
		if (used[count - 1] == behind - 1)
			behind--;
	return behind ? behind - 1 : size;
}
