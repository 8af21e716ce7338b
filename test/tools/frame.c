// SPDX-License-Identifier: Apache-2.0
/* The test frame: its addresses, its contents, and the check that it arrived whole. */
#include "frame.h"

#include <stdio.h>
#include <string.h>

#define ETH_LEN	  14
#define IP4_LEN	  20
#define IP6_LEN	  40
#define UDP_LEN	  8
#define TCP_LEN	  20
#define FIXED_LEN 16 /* magic, tag, kind, size, flow, seq */
#define PROTO_TCP 6
#define PROTO_UDP 17
#define PORT_DST  9000

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
	put16(ret_tuple + 2 * addr_len, 20000 + id->flow % 40000);
	put16(ret_tuple + 2 * addr_len + 2, PORT_DST);
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
	uint32_t x = id->flow * 2654435761u ^ id->seq * 2246822519u ^ (uint32_t)id->tag << 24;
	size_t i;

	memcpy(p, magic, sizeof(magic));
	p[4] = id->tag;
	p[5] = (uint8_t)id->kind;
	put16(p + 6, id->size);
	put32(p + 8, id->flow);
	put32(p + 12, id->seq);
	for (i = FIXED_LEN; i < len; i++) {
		x = x * 1664525 + 1013904223;
		p[i] = (uint8_t)(x >> 24);
	}
}

void frame_build(uint8_t *buf, const struct frame_id *id, const uint8_t *dst, const uint8_t *src)
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

enum frame_verdict frame_check(const uint8_t *buf, size_t len, uint8_t tag, struct frame_id *ret_id)
{
	enum frame_kind kind = kind_of(buf, len);
	uint8_t want[FRAME_SIZE_MAX];
	struct frame_id id;
	const uint8_t *p;

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
	};
	if (id.size != len || len > FRAME_SIZE_MAX || id.flow >= FRAME_FLOWS_MAX ||
	    id.seq > FRAME_SEQ_MAX)
		return FRAME_CORRUPT;
	frame_build(want, &id, buf, buf + 6);
	if (memcmp(buf, want, len) != 0)
		return FRAME_CORRUPT;
	*ret_id = id;
	return FRAME_OURS;
}

/* A receiver's check of the checksums, which does not use put_l4_checksum(). */
static bool checksums_hold(const uint8_t *buf, const struct frame_id *id)
{
	const uint8_t *ip = buf + ETH_LEN;
	const uint8_t *l4 = ip + l3_len(id->kind);
	size_t l4_len = id->size - (size_t)(l4 - buf);
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

static int selftest_one(const struct frame_id *id)
{
	static const uint8_t dst[6] = { 2, 0, 0, 0, 0, 1 }, src[6] = { 2, 0, 0, 0, 0, 2 };
	uint8_t buf[FRAME_SIZE_MAX];
	struct frame_id got;
	uint32_t i;

	frame_build(buf, id, dst, src);
	if (frame_check(buf, id->size, id->tag, &got) != FRAME_OURS || got.flow != id->flow ||
	    got.seq != id->seq || got.kind != id->kind || !checksums_hold(buf, id) ||
	    frame_check(buf, id->size, (uint8_t)(id->tag + 1), &got) != FRAME_FOREIGN)
		goto fail;
	for (i = 12; i < id->size; i++) {
		buf[i] ^= 0x10;
		if (frame_check(buf, id->size, id->tag, &got) == FRAME_OURS)
			goto fail;
		buf[i] ^= 0x10;
	}
	for (i = 0; i < id->size; i++)
		if (frame_check(buf, i, id->tag, &got) == FRAME_OURS)
			goto fail;
	return 0;
fail:
	printf("  wrong: frame of kind %d, size %u, flow %u, seq %u\n", (int)id->kind, id->size,
	       id->flow, id->seq);
	return 1;
}

int frame_selftest(void)
{
	static const uint32_t flows[] = { 0, 1, 300, FRAME_FLOWS_MAX - 1 };
	static const uint32_t seqs[] = { 0, 77, FRAME_SEQ_MAX };
	int kind, failed = 0;
	size_t f, s;

	for (kind = 0; kind < FRAME_KINDS; kind++) {
		uint32_t least = frame_size_min((enum frame_kind)kind);
		const uint32_t sizes[] = { least, least + 1, 200, 1514 };

		for (f = 0; f < 4; f++)
			for (s = 0; s < 3; s++)
				failed += selftest_one(
					&(struct frame_id){ .tag = (uint8_t)(255 - f),
							    .kind = (enum frame_kind)kind,
							    .flow = flows[f],
							    .seq = seqs[s],
							    .size = sizes[(f + s) % 4] });
	}
	return failed;
}
