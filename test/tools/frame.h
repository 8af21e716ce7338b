/* SPDX-License-Identifier: Apache-2.0 */
/* The test frame: its addresses, its contents, and the check that it arrived whole. */
#ifndef NKT_FRAME_H
#define NKT_FRAME_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * A test frame is known by four numbers: tag (a test run or an attachment), flow, seq (counts up
 * within its flow) and kind. All the rest of it follows from them, where struct frame_id does not
 * say otherwise:
 *
 *   IPv4  10.TAG.x.y  ->  10.TAG.255.1                         x.y is flow + 1
 *   IPv6  fd6e:6b00:0:TAG::z  ->  fd6e:6b00:0:TAG::ffff:1      z is flow + 1, all in hexadecimal
 *   port  20000 + flow % 40000  ->  9000                       UDP or TCP
 *   raw   EtherType 0x88b5 (IEEE: local experimental), no IP at all
 *
 * Payload: "nkT1", tag (1 byte), kind (1), frame size (2), flow (4), seq (4), VLAN (2), all big
 * endian, then bytes of a generator seeded with tag, flow, seq and VLAN up to the end of the frame.
 * IP, UDP and TCP checksums are right, so host stacks take the frames. TCP sequence numbers of a
 * flow never continue each other, so that GRO does not merge the segments.
 *
 * The size of a frame is that without its VLAN tag, of 4 bytes. For the tag can get lost: a NIC may
 * strip it, and the kernel takes it off before a packet socket sees the frame.
 */
#define FRAME_FLOWS_MAX 0xfeff /* 10.TAG.255.0 and above are no sources */
#define FRAME_SEQ_MAX	0x0fffffff
#define FRAME_SIZE_MIN	64   /* sizes are without the frame check sequence */
#define FRAME_SIZE_MAX	9014 /* MTU 9000 */
#define FRAME_TAG_LEN	4
#define FRAME_LEN_MAX	(FRAME_SIZE_MAX + FRAME_TAG_LEN)
#define FRAME_VLAN_MAX	4094
#define FRAME_TUPLE_MAX 36

enum frame_kind {
	FRAME_UDP4,
	FRAME_TCP4,
	FRAME_UDP6,
	FRAME_TCP6,
	FRAME_RAW,
	FRAME_KINDS, /* not a kind: their number */
};

struct frame_id {
	uint8_t tag;
	enum frame_kind kind;
	uint32_t flow;
	uint32_t seq;
	uint32_t size; /* bytes, Ethernet header included, VLAN tag not */
	uint16_t vlan; /* 802.1Q; 0: no tag */
	uint16_t port; /* destination; 0: 9000 */
	bool ip_given;
	uint8_t ip[16]; /* destination instead of the tag's; IPv4: the first 4 */
};

enum frame_verdict {
	FRAME_OURS,    /* whole, every byte as sent (the MACs, and a lost tag, are not looked at) */
	FRAME_FOREIGN, /* not a test frame, or one with another tag */
	FRAME_CORRUPT, /* a test frame with this tag, damaged or cut */
};

/* The kind that the options --v6, --tcp and --raw-nonip ask for. */
enum frame_kind frame_kind_from(bool v6, bool tcp, bool raw);

/* Smallest size that holds the headers and the fixed part of the payload. */
uint32_t frame_size_min(enum frame_kind kind);

/* Bytes on the wire: the size, and the tag where there is one. */
uint32_t frame_len(const struct frame_id *id);

/* Writes frame_len() bytes at buf; the numbers in id must be within the limits above. */
void frame_build(uint8_t *buf, const struct frame_id *id, const uint8_t *dst, const uint8_t *src);

/* Has the frame a VLAN tag, of 802.1Q? */
bool frame_is_tagged(const uint8_t *buf, size_t len);

/**
 * frame_check() - compare a received frame with what frame_build() would have made
 * @ret_id: filled if OURS; destination address and port are those of the frame, whatever they are,
 *	    for its checksums cover them
 */
enum frame_verdict frame_check(const uint8_t *buf, size_t len, uint8_t tag,
			       struct frame_id *ret_id);

/**
 * frame_tuple() - source and destination address, then ports, in network order: RSS hash input
 *
 * Return: length of the tuple: 12 (IPv4), 36 (IPv6) or 0 (raw, which has none)
 */
size_t frame_tuple(const struct frame_id *id, uint8_t ret_tuple[FRAME_TUPLE_MAX]);

/* Checks the functions of this file against each other; returns the number of failures. */
int frame_selftest(void);

#endif
