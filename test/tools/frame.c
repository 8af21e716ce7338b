// SPDX-License-Identifier: Apache-2.0
/* The test frame: its addresses, its contents, and the check that it arrived whole. */
#include "frame.h"

#include <stdio.h>
#include <string.h>

#define MACS_LEN  12
#define ETH_LEN	  14
#define IP4_LEN	  20
#define IP6_LEN	  40
#define UDP_LEN	  8
#define TCP_LEN	  20
#define FIXED_LEN 18 /* magic, tag, kind, size, flow, seq, VLAN */
#define PROTO_TCP 6
#define PROTO_UDP 17
#define PORT_DST  9000
#define TYPE_VLAN 0x8100

static const uint8_t magic[4] = { 'n', 'k', 'T', '1' };

static void put16(uint8_t *p, uint32_t v)
{
	p[0] = (uint8_t)(v >> 8);
	p[1] = (uint8_t)v;
}

static void put32(uint8_t *p, uint32_t v)
{
	put16(p, v >> 16);
	put16(p + 2, v);
}

static uint32_t get16(const uint8_t *p)
{
	return (uint32_t)p[0] << 8 | p[1];
}

static uint32_t get32(const uint8_t *p)
{
	return get16(p) << 16 | get16(p + 2);
}

static bool is_v6(enum frame_kind kind)
{
	return kind == FRAME_UDP6 || kind == FRAME_TCP6;
}

static bool is_tcp(enum frame_kind kind)
{
	return kind == FRAME_TCP4 || kind == FRAME_TCP6;
}

enum frame_kind frame_kind_from(bool v6, bool tcp, bool raw)
{
	if (raw)
		return FRAME_RAW;
	if (v6)
		return tcp ? FRAME_TCP6 : FRAME_UDP6;
	return tcp ? FRAME_TCP4 : FRAME_UDP4;
}

static size_t l3_len(enum frame_kind kind)
{
	if (kind == FRAME_RAW)
		return 0;
	return is_v6(kind) ? IP6_LEN : IP4_LEN;
}

static size_t payload_offset(enum frame_kind kind)
{
	if (kind == FRAME_RAW)
		return ETH_LEN;
	return ETH_LEN + l3_len(kind) + (is_tcp(kind) ? TCP_LEN : UDP_LEN);
}

uint32_t frame_size_min(enum frame_kind kind)
{
	uint32_t least = (uint32_t)payload_offset(kind) + FIXED_LEN;

	return least > FRAME_SIZE_MIN ? least : FRAME_SIZE_MIN;
}

static void put_ip4(uint8_t *p, uint8_t tag, uint32_t host)
{
	p[0] = 10;
	p[1] = tag;
	put16(p + 2, host);
}

static void put_ip6(uint8_t *p, uint8_t tag, uint32_t host)
{
	static const uint8_t prefix[4] = { 0xfd, 0x6e, 0x6b, 0x00 };

	memset(p, 0, 16);
	memcpy(p, prefix, sizeof(prefix));
	p[7] = tag;
	put32(p + 12, host);
}

size_t frame_tuple(const struct frame_id *id, uint8_t ret_tuple[FRAME_TUPLE_MAX])
{
	size_t addr_len = is_v6(id->kind) ? 16 : 4;

	if (id->kind == FRAME_RAW)
		return 0;
	if (is_v6(id->kind)) {
		put_ip6(ret_tuple, id->tag, id->flow + 1);
		put_ip6(ret_tuple + addr_len, id->tag, 0xffff0001);
	} else {
		put_ip4(ret_tuple, id->tag, id->flow + 1);
		put_ip4(ret_tuple + addr_len, id->tag, 0xff01);
	}
	if (id->ip_given)
		memcpy(ret_tuple + addr_len, id->ip, addr_len);
	put16(ret_tuple + 2 * addr_len, 20000 + id->flow % 40000);
	put16(ret_tuple + 2 * addr_len + 2, id->port ? id->port : PORT_DST);
	return 2 * addr_len + 4;
}

/* Adds 16 bit words to a ones' complement sum (RFC 1071); an odd last byte counts as high. */
static uint32_t sum16(const uint8_t *p, size_t len, uint32_t sum)
{
	for (; len > 1; p += 2, len -= 2)
		sum += get16(p);
	return len ? sum + ((uint32_t)*p << 8) : sum;
}

static uint32_t fold(uint32_t sum)
{
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	return sum;
}

static void put_l3(uint8_t *p, const struct frame_id *id, const uint8_t *addrs, uint32_t l4_len)
{
	uint8_t proto = is_tcp(id->kind) ? PROTO_TCP : PROTO_UDP;

	if (is_v6(id->kind)) {
		p[0] = 0x60;
		put16(p + 4, l4_len);
		p[6] = proto;
		p[7] = 64; /* hop limit */
		memcpy(p + 8, addrs, 32);
		return;
	}
	p[0] = 0x45;
	put16(p + 2, IP4_LEN + l4_len);
	p[6] = 0x40; /* don't fragment */
	p[8] = 64;   /* time to live */
	p[9] = proto;
	memcpy(p + 12, addrs, 8);
	put16(p + 10, ~fold(sum16(p, IP4_LEN, 0)));
}

static void put_l4(uint8_t *p, const struct frame_id *id, const uint8_t *ports, uint32_t l4_len)
{
	memcpy(p, ports, 4);
	if (is_tcp(id->kind)) {
		/* 64 KiB apart: a segment never ends where the next one begins. */
		put32(p + 4, id->seq << 16);
		p[12] = TCP_LEN / 4 << 4;
		p[13] = 0x18; /* PSH, ACK */
		put16(p + 14, 0xffff);
	} else {
		put16(p + 4, l4_len);
	}
}

static void put_l4_checksum(uint8_t *l4, const struct frame_id *id, const uint8_t *addrs,
			    uint32_t l4_len)
{
	uint32_t sum = sum16(addrs, is_v6(id->kind) ? 32 : 8, 0);

	/* The rest of the pseudo header of IPv4 and of IPv6: same words, other padding. */
	sum += (is_tcp(id->kind) ? PROTO_TCP : PROTO_UDP) + l4_len;
	sum = ~fold(sum16(l4, l4_len, sum)) & 0xffff;
	if (is_tcp(id->kind))
		put16(l4 + 16, sum);
	else
		put16(l4 + 6, sum ? sum : 0xffff); /* 0 would mean "no checksum" */
}

static void put_payload(uint8_t *p, const struct frame_id *id, size_t len)
{
	uint32_t x = id->flow * 2654435761u ^ id->seq * 2246822519u ^ (uint32_t)id->tag << 24 ^
		     id->vlan * 3266489917u;
	size_t i;

	memcpy(p, magic, sizeof(magic));
	p[4] = id->tag;
	p[5] = (uint8_t)id->kind;
	put16(p + 6, id->size);
	put32(p + 8, id->flow);
	put32(p + 12, id->seq);
	put16(p + 16, id->vlan);
	for (i = FIXED_LEN; i < len; i++) {
		x = x * 1664525 + 1013904223;
		p[i] = (uint8_t)(x >> 24);
	}
}

/* The frame without its tag. */
static void build_plain(uint8_t *buf, const struct frame_id *id, const uint8_t *dst,
			const uint8_t *src)
{
	size_t payload = payload_offset(id->kind);
	uint8_t *l4 = buf + ETH_LEN + l3_len(id->kind);
	uint32_t l4_len = id->size - (uint32_t)(l4 - buf);
	uint8_t tuple[FRAME_TUPLE_MAX];
	size_t tuple_len = frame_tuple(id, tuple);

	memset(buf, 0, payload);
	memcpy(buf, dst, 6);
	memcpy(buf + 6, src, 6);
	put_payload(buf + payload, id, id->size - payload);
	if (id->kind == FRAME_RAW) {
		put16(buf + 12, 0x88b5);
		return;
	}
	put16(buf + 12, is_v6(id->kind) ? 0x86dd : 0x0800);
	put_l3(buf + ETH_LEN, id, tuple, l4_len);
	put_l4(l4, id, tuple + tuple_len - 4, l4_len);
	put_l4_checksum(l4, id, tuple, l4_len);
}

uint32_t frame_len(const struct frame_id *id)
{
	return id->size + (id->vlan ? FRAME_TAG_LEN : 0);
}

void frame_build(uint8_t *buf, const struct frame_id *id, const uint8_t *dst, const uint8_t *src)
{
	if (!id->vlan) {
		build_plain(buf, id, dst, src);
		return;
	}
	build_plain(buf + FRAME_TAG_LEN, id, dst, src);
	memmove(buf, buf + FRAME_TAG_LEN, MACS_LEN);
	put16(buf + MACS_LEN, TYPE_VLAN);
	put16(buf + MACS_LEN + 2, id->vlan);
}

bool frame_is_tagged(const uint8_t *buf, size_t len)
{
	return len >= ETH_LEN + FRAME_TAG_LEN && get16(buf + MACS_LEN) == TYPE_VLAN;
}

/* The kind that the headers of a frame show, or FRAME_KINDS if none of ours. */
static enum frame_kind kind_of(const uint8_t *buf, size_t len)
{
	uint8_t proto;

	if (len < FRAME_SIZE_MIN)
		return FRAME_KINDS;
	switch (get16(buf + 12)) {
	case 0x88b5:
		return FRAME_RAW;
	case 0x0800:
		proto = buf[ETH_LEN + 9];
		return proto == PROTO_UDP ? FRAME_UDP4 :
		       proto == PROTO_TCP ? FRAME_TCP4 :
					    FRAME_KINDS;
	case 0x86dd:
		proto = buf[ETH_LEN + 6];
		return proto == PROTO_UDP ? FRAME_UDP6 :
		       proto == PROTO_TCP ? FRAME_TCP6 :
					    FRAME_KINDS;
	default:
		return FRAME_KINDS;
	}
}

/* The verdict on a frame without tag. */
static enum frame_verdict check_plain(const uint8_t *buf, size_t len, uint8_t tag,
				      struct frame_id *ret_id)
{
	enum frame_kind kind = kind_of(buf, len);
	uint8_t want[FRAME_SIZE_MAX];
	size_t addr_len = is_v6(kind) ? 16 : 4;
	struct frame_id id;
	const uint8_t *p, *l4;

	if (kind == FRAME_KINDS || len < payload_offset(kind) + FIXED_LEN)
		return FRAME_FOREIGN;
	p = buf + payload_offset(kind);
	if (memcmp(p, magic, sizeof(magic)) != 0 || p[4] != tag)
		return FRAME_FOREIGN;
	id = (struct frame_id){
		.tag = tag,
		.kind = kind,
		.flow = get32(p + 8),
		.seq = get32(p + 12),
		.size = get16(p + 6),
		.vlan = (uint16_t)get16(p + 16),
	};
	if (id.size != len || len > FRAME_SIZE_MAX || id.flow >= FRAME_FLOWS_MAX ||
	    id.seq > FRAME_SEQ_MAX || id.vlan > FRAME_VLAN_MAX)
		return FRAME_CORRUPT;
	if (kind != FRAME_RAW) {
		l4 = buf + ETH_LEN + l3_len(kind);
		id.port = (uint16_t)get16(l4 + 2);
		id.ip_given = true;
		memcpy(id.ip, l4 - addr_len, addr_len);
	}
	build_plain(want, &id, buf, buf + 6);
	if (memcmp(buf, want, len) != 0)
		return FRAME_CORRUPT;
	*ret_id = id;
	return FRAME_OURS;
}

enum frame_verdict frame_check(const uint8_t *buf, size_t len, uint8_t tag, struct frame_id *ret_id)
{
	uint8_t plain[FRAME_SIZE_MAX + 1]; /* one more: too long must not look whole */
	enum frame_verdict verdict;
	struct frame_id id;

	if (!frame_is_tagged(buf, len))
		return check_plain(buf, len, tag, ret_id);
	len -= FRAME_TAG_LEN;
	if (len > sizeof(plain))
		len = sizeof(plain);
	memcpy(plain, buf, MACS_LEN);
	memcpy(plain + MACS_LEN, buf + MACS_LEN + FRAME_TAG_LEN, len - MACS_LEN);
	verdict = check_plain(plain, len, tag, &id);
	if (verdict != FRAME_OURS)
		return verdict;
	if (get16(buf + MACS_LEN + 2) != id.vlan)
		return FRAME_CORRUPT;
	*ret_id = id;
	return FRAME_OURS;
}

/* A receiver's check of the checksums, which does not use put_l4_checksum(). */
static bool checksums_hold(const uint8_t *buf, const struct frame_id *id)
{
	const uint8_t *ip = buf + ETH_LEN + (id->vlan ? FRAME_TAG_LEN : 0);
	const uint8_t *l4 = ip + l3_len(id->kind);
	size_t l4_len = frame_len(id) - (size_t)(l4 - buf);
	uint8_t pseudo[40] = { 0 };

	if (id->kind == FRAME_RAW)
		return true;
	if (is_v6(id->kind)) {
		memcpy(pseudo, ip + 8, 32);
		put32(pseudo + 32, get16(ip + 4));
		pseudo[39] = ip[6];
	} else {
		if (fold(sum16(ip, IP4_LEN, 0)) != 0xffff)
			return false;
		memcpy(pseudo, ip + 12, 8);
		put16(pseudo + 8, ip[9]);
		put16(pseudo + 10, get16(ip + 2) - IP4_LEN);
	}
	return fold(sum16(l4, l4_len, sum16(pseudo, sizeof(pseudo), 0))) == 0xffff;
}

/* The frame is itself, also where its tag got lost, and no other. */
static bool is_known(uint8_t *buf, const struct frame_id *id)
{
	uint8_t plain[FRAME_SIZE_MAX];
	struct frame_id got;

	if (frame_check(buf, frame_len(id), id->tag, &got) != FRAME_OURS || got.flow != id->flow ||
	    got.seq != id->seq || got.kind != id->kind || got.vlan != id->vlan ||
	    frame_check(buf, frame_len(id), (uint8_t)(id->tag + 1), &got) != FRAME_FOREIGN)
		return false;
	if (frame_is_tagged(buf, frame_len(id)) != (id->vlan != 0))
		return false;
	if (!id->vlan)
		return true;
	memcpy(plain, buf, MACS_LEN);
	memcpy(plain + MACS_LEN, buf + MACS_LEN + FRAME_TAG_LEN, id->size - MACS_LEN);
	return frame_check(plain, id->size, id->tag, &got) == FRAME_OURS && got.vlan == id->vlan &&
	       !frame_is_tagged(plain, id->size);
}

static int selftest_one(const struct frame_id *id)
{
	static const uint8_t dst[6] = { 2, 0, 0, 0, 0, 1 }, src[6] = { 2, 0, 0, 0, 0, 2 };
	uint8_t buf[FRAME_LEN_MAX];
	struct frame_id got;
	uint32_t i;

	frame_build(buf, id, dst, src);
	if (!is_known(buf, id) || !checksums_hold(buf, id))
		goto fail;
	for (i = MACS_LEN; i < frame_len(id); i++) {
		buf[i] ^= 0x10;
		if (frame_check(buf, frame_len(id), id->tag, &got) == FRAME_OURS)
			goto fail;
		buf[i] ^= 0x10;
	}
	for (i = 0; i < frame_len(id); i++)
		if (frame_check(buf, i, id->tag, &got) == FRAME_OURS)
			goto fail;
	return 0;
fail:
	printf("  wrong: frame of kind %d, size %u, flow %u, seq %u, VLAN %u\n", (int)id->kind,
	       id->size, id->flow, id->seq, id->vlan);
	return 1;
}

/* The destination that was asked for is in the headers, at offsets counted by hand. */
static int selftest_destination(void)
{
	static const uint8_t mac[6] = { 2 };
	static const uint8_t tag[6] = { 0x81, 0x00, 0x0f, 0xfe, 0x86, 0xdd };
	struct frame_id v4 = { .kind = FRAME_UDP4,
			       .size = 100,
			       .port = 53,
			       .ip_given = true,
			       .ip = { 192, 0, 2, 7 } };
	struct frame_id v6 = { .kind = FRAME_TCP6,
			       .size = 100,
			       .vlan = FRAME_VLAN_MAX,
			       .port = 443,
			       .ip_given = true,
			       .ip = { 0x20, 0x01, 0x0d, 0xb8, [15] = 7 } };
	uint8_t buf[FRAME_LEN_MAX];
	int failed;

	frame_build(buf, &v4, mac, mac);
	failed = memcmp(buf + 30, v4.ip, 4) || get16(buf + 36) != 53;
	frame_build(buf, &v6, mac, mac);
	failed |= memcmp(buf + 12, tag, sizeof(tag)) || memcmp(buf + 42, v6.ip, 16) ||
		  get16(buf + 60) != 443;
	if (failed)
		printf("  wrong: the destination asked for is not in the frame\n");
	return failed;
}

int frame_selftest(void)
{
	static const uint32_t flows[] = { 0, 1, 300, FRAME_FLOWS_MAX - 1 };
	static const uint32_t seqs[] = { 0, 77, FRAME_SEQ_MAX };
	static const uint16_t vlans[] = { 0, 1, FRAME_VLAN_MAX };
	int kind, failed = selftest_destination();
	size_t f, s, v;

	for (kind = 0; kind < FRAME_KINDS; kind++) {
		uint32_t least = frame_size_min((enum frame_kind)kind);
		const uint32_t sizes[] = { least, least + 1, 200, 1514 };
		struct frame_id id = { .kind = (enum frame_kind)kind };

		for (f = 0; f < 4; f++)
			for (s = 0; s < 3; s++)
				for (v = 0; v < 3; v++) {
					id.tag = (uint8_t)(255 - f);
					id.flow = flows[f];
					id.seq = seqs[s];
					id.size = sizes[(f + s) % 4];
					id.vlan = vlans[v];
					id.port = v ? 80 : 0;
					id.ip_given = v == 2;
					memset(id.ip, 0x55, sizeof(id.ip));
					failed += selftest_one(&id);
				}
	}
	return failed;
}
