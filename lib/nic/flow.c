// SPDX-License-Identifier: Apache-2.0
/* flow.c - build, compare and print flow rules; no system call */
#include "nic/flow.h"

#include "base/ipaddr.h"
#include "base/mac.h"

#include <arpa/inet.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "base/banned.h"

#define FLAGS	 (FLOW_EXT | FLOW_MAC_EXT | FLOW_RSS)
#define VLAN_VID 0x0fff /* in a tag; the other bits are priority and drop eligibility */

/* How ethtool(8) prints a field. */
enum form {
	FORM_NUMBER,
	FORM_MAC,
	FORM_IP4,
	FORM_IP6,
};

/* A field of a rule. */
struct field {
	const char *name; /* for ethtool(8); NULL ends a table */
	enum form form;
	uint16_t offset, size; /* bytes; from value_of(), and in the mask from mask_of() */
	uint32_t flag;	       /* the field counts only if the flow type has this flag */
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

/* Without ip_ver, which all rules have alike. */
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

/* A flow type that we do not know: all bytes. */
static const struct field unknown_fields[] = {
	{ "bytes", FORM_NUMBER, 0, sizeof(union ethtool_flow_union), 0 },
	{ 0 },
};

/* struct ethtool_flow_ext lies behind the union with the fields above. */
#define EXT_OFFSET \
	(offsetof(struct ethtool_rx_flow_spec, h_ext) - offsetof(struct ethtool_rx_flow_spec, h_u))
#define EXT(name, form, member, flag)                                         \
	{ name, form, EXT_OFFSET + offsetof(struct ethtool_flow_ext, member), \
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

static const uint8_t *value_of(const struct nk_flow *flow)
{
	return (const uint8_t *)&flow->spec + offsetof(struct ethtool_rx_flow_spec, h_u);
}

static const uint8_t *mask_of(const struct nk_flow *flow)
{
	return (const uint8_t *)&flow->spec + offsetof(struct ethtool_rx_flow_spec, m_u);
}

/* type_of() - the flow type of a rule, or NULL if we do not know it */
static const struct flow_type *type_of(const struct nk_flow *flow)
{
	const uint32_t type = flow->spec.flow_type & ~FLAGS;
	size_t i;

	for (i = 0; i < sizeof(flow_types) / sizeof(flow_types[0]); i++)
		if (flow_types[i].type == type)
			return &flow_types[i];
	return NULL;
}

/* find_destination() - find the destination MAC or address in a rule of ours. Return: its size in bytes; 0: none */
static size_t find_destination(const struct nk_flow *flow, size_t *ret_offset)
{
	switch (flow->spec.flow_type & ~FLAGS) {
	case ETHER_FLOW:
		*ret_offset = offsetof(struct ethhdr, h_dest);
		return NK_MAC_LEN;
	case IPV4_USER_FLOW: /* at the same place as in the others */
	case TCP_V4_FLOW:
	case UDP_V4_FLOW:
		*ret_offset = offsetof(struct ethtool_tcpip4_spec, ip4dst);
		return 4;
	case IPV6_USER_FLOW: /* likewise */
	case TCP_V6_FLOW:
	case UDP_V6_FLOW:
		*ret_offset = offsetof(struct ethtool_tcpip6_spec, ip6dst);
		return 16;
	default:
		return 0;
	}
}

/* --- build ----------------------------------------------------------------------------------- */

static void match_bytes(struct nk_flow *flow, size_t offset, const void *bytes, size_t size)
{
	memcpy(flow->spec.h_u.hdata + offset, bytes, size);
	memset(flow->spec.m_u.hdata + offset, 0xff, size);
}

static uint32_t choose_type(enum nk_match match, bool is_ip4)
{
	switch (match) {
	case NK_MATCH_MAC:
		return ETHER_FLOW;
	case NK_MATCH_IP:
		return is_ip4 ? IPV4_USER_FLOW : IPV6_USER_FLOW;
	case NK_MATCH_TCP:
		return is_ip4 ? TCP_V4_FLOW : TCP_V6_FLOW;
	case NK_MATCH_UDP:
		return is_ip4 ? UDP_V4_FLOW : UDP_V6_FLOW;
	}
	return 0;
}

void nk_flow_build(const struct nk_steering *entry, const uint8_t mac[NK_MAC_LEN],
		   const struct nk_ipaddr *addr, const struct nk_flow_target *to,
		   struct nk_flow *ret)
{
	struct ethtool_rx_flow_spec *spec = &ret->spec;
	const bool is_mac = entry->match == NK_MATCH_MAC;
	const bool is_ip4 = !is_mac && addr->family == AF_INET;
	const uint16_t port = htons(entry->port);
	size_t size, offset = 0;

	memset(ret, 0, sizeof(*ret)); /* padding too: rules are stored byte by byte */
	spec->flow_type = choose_type(entry->match, is_ip4);
	if (spec->flow_type == IPV4_USER_FLOW)
		spec->h_u.usr_ip4_spec.ip_ver = ETH_RX_NFC_IP4; /* its mask must be 0 */
	size = find_destination(ret, &offset);
	match_bytes(ret, offset, is_mac ? mac : addr->bytes, size);
	if (entry->match == NK_MATCH_TCP || entry->match == NK_MATCH_UDP)
		match_bytes(ret,
			    is_ip4 ? offsetof(struct ethtool_tcpip4_spec, pdst) :
				     offsetof(struct ethtool_tcpip6_spec, pdst),
			    &port, sizeof(port));
	if (entry->vlan) {
		spec->flow_type |= FLOW_EXT;
		spec->h_ext.vlan_tci = htons(entry->vlan);
		spec->m_ext.vlan_tci = htons(VLAN_VID);
	}
	/* With a context, the queue would be an offset, which the kernel refuses for most drivers. */
	if (to->is_context) {
		spec->flow_type |= FLOW_RSS;
		ret->context = to->id;
	} else {
		spec->ring_cookie = to->id;
	}
	spec->location = RX_CLS_LOC_ANY;
}

/* --- compare --------------------------------------------------------------------------------- */

/* bits_of() - the bits of byte @i that are compared */
static uint8_t bits_of(const struct field *field, const struct nk_flow *flow, size_t i)
{
	return field->flag && !(flow->spec.flow_type & field->flag) ? 0 : mask_of(flow)[i];
}

static bool has_same_fields(const struct field *field, const struct nk_flow *a,
			    const struct nk_flow *b)
{
	uint8_t bits;
	size_t i;

	for (; field->name; field++) {
		for (i = field->offset; i < (size_t)field->offset + field->size; i++) {
			bits = bits_of(field, a, i);
			if (bits != bits_of(field, b, i) ||
			    (value_of(a)[i] ^ value_of(b)[i]) & bits)
				return false;
		}
	}
	return true;
}

bool nk_flow_equal(const struct nk_flow *a, const struct nk_flow *b)
{
	const uint32_t differing = a->spec.flow_type ^ b->spec.flow_type;
	const struct flow_type *type = type_of(a);

	if (differing & (~FLAGS | FLOW_RSS) || a->spec.ring_cookie != b->spec.ring_cookie ||
	    (a->spec.flow_type & FLOW_RSS && a->context != b->context))
		return false;
	return has_same_fields(type ? type->fields : unknown_fields, a, b) &&
	       has_same_fields(ext_fields, a, b);
}

bool nk_flow_same_match(const struct nk_flow *a, const struct nk_flow *b)
{
	struct nk_flow like = *a;

	like.context = b->context;
	like.spec.ring_cookie = b->spec.ring_cookie;
	like.spec.flow_type &= ~(uint32_t)FLOW_RSS;
	like.spec.flow_type |= b->spec.flow_type & FLOW_RSS;
	return nk_flow_equal(&like, b);
}

/* hides() - does @a, on no VLAN, get the frames of @b, on a VLAN? The lower location takes precedence. */
static bool hides(const struct nk_flow *a, const struct nk_flow *b)
{
	return !nk_flow_vlan(a) && nk_flow_vlan(b) && a->spec.location < b->spec.location &&
	       b->spec.location < RX_CLS_LOC_SPECIAL;
}

uint16_t nk_flow_vlan(const struct nk_flow *flow)
{
	return flow->spec.flow_type & FLOW_EXT ?
		       ntohs(flow->spec.h_ext.vlan_tci & flow->spec.m_ext.vlan_tci) & VLAN_VID :
		       0;
}

bool nk_flow_same_destination(const struct nk_flow *a, const struct nk_flow *b)
{
	size_t at_a = 0, at_b = 0, size = find_destination(a, &at_a);

	return size && size == find_destination(b, &at_b) &&
	       !memcmp(value_of(a) + at_a, value_of(b) + at_b, size);
}

bool nk_flow_destination(const struct nk_flow *flow, struct nk_ipaddr *ret)
{
	size_t at = 0, size = find_destination(flow, &at);

	*ret = (struct nk_ipaddr){ 0 };
	if (size != 4 && size != sizeof(ret->bytes))
		return false;
	ret->family = size == 4 ? AF_INET : AF_INET6;
	memcpy(ret->bytes, value_of(flow) + at, size);
	return true;
}

bool nk_flow_conflict(const struct nk_flow *a, const struct nk_flow *b)
{
	return nk_flow_same_destination(a, b) &&
	       (nk_flow_vlan(a) == nk_flow_vlan(b) || hides(a, b) || hides(b, a));
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

/* append_value() - the bytes of a field, or of its mask */
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

/* append_fields() - the fields that are compared, each with its mask if that has zeros */
static void append_fields(char text[NK_FLOW_TEXT_SIZE], const struct field *field,
			  const struct nk_flow *flow)
{
	uint8_t ignored[16] = { 0 }; /* ethtool's mask: a bit that is 1 is not compared */
	bool any, all;
	size_t i;

	for (; field->name; field++) {
		if (field->flag && !(flow->spec.flow_type & field->flag))
			continue;
		any = false;
		all = true;
		for (i = 0; i < field->size; i++) {
			ignored[i] = (uint8_t)~mask_of(flow)[field->offset + i];
			any = any || ignored[i] != 0xff;
			all = all && !ignored[i];
		}
		if (!any)
			continue;
		append(text, " %s", field->name);
		append_value(text, field, value_of(flow) + field->offset, false);
		if (all)
			continue;
		append(text, " %s-mask", field->name);
		append_value(text, field, ignored, true);
	}
}

void nk_flow_text(const struct nk_flow *flow, char ret[NK_FLOW_TEXT_SIZE])
{
	const struct ethtool_rx_flow_spec *spec = &flow->spec;
	const struct flow_type *type = type_of(flow);
	const bool is_context = spec->flow_type & FLOW_RSS;

	*ret = '\0';
	if (type) {
		append(ret, "flow-type %s", type->name);
		append_fields(ret, type->fields, flow);
	} else {
		append(ret, "flow-type %#x", spec->flow_type & ~FLAGS);
	}
	append_fields(ret, ext_fields, flow);
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

void nk_flow_print(FILE *out, const char *nic, const struct nk_flow *flow, bool anywhere)
{
	struct nk_flow unplaced = *flow;
	char text[NK_FLOW_TEXT_SIZE];

	nk_flow_text(flow, text);
	fprintf(out, "ethtool -N %s %s", nic, text);
	unplaced.spec.location = RX_CLS_LOC_ANY;
	nk_flow_text(&unplaced, text);
	if (anywhere && flow->spec.location != RX_CLS_LOC_ANY)
		fprintf(out, " || ethtool -N %s %s", nic, text);
	fputc('\n', out);
}

/* --- locations ------------------------------------------------------------------------------- */

static int compare_locations(const void *a, const void *b)
{
	const uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;

	return (x > y) - (x < y);
}

uint32_t nk_flow_free_location(uint32_t *used, uint32_t count, uint32_t size)
{
	uint32_t lowest = 0, i;

	if (count)
		qsort(used, count, sizeof(*used), compare_locations);
	for (i = 0; i < count; i++)
		if (used[i] == lowest)
			lowest++;
	return size && lowest > size ? size : lowest;
}

uint32_t nk_flow_last_location(uint32_t *used, uint32_t count, uint32_t size)
{
	uint32_t behind = size;

	if (count)
		qsort(used, count, sizeof(*used), compare_locations);
	for (; count > 0 && behind > 0; count--)
		if (used[count - 1] == behind - 1)
			behind--;
	return behind ? behind - 1 : size;
}
