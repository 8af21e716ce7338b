// SPDX-License-Identifier: Apache-2.0
/* A TCP stream in which each byte follows from its position, so that any misplaced one is seen. */
#include "stream.h"
#include "cli.h"

#include <poll.h>
#include <stdio.h>
#include <string.h>

#define CHUNK	4096 /* a multiple of a word */
#define TICK_MS 100

/* The words are multiples of an odd constant: no two within 2^64 are the same. */
static uint64_t word_at(uint64_t number)
{
	return (number + 1) * 0x9e3779b97f4a7c15;
}

void stream_fill(void *buf, size_t len, uint64_t at)
{
	uint8_t *out = buf;
	uint64_t word;
	size_t skip, n;

	for (; len; out += n, at += n, len -= n) {
		word = word_at(at / sizeof(word));
		skip = at % sizeof(word);
		n = sizeof(word) - skip < len ? sizeof(word) - skip : len;
		memcpy(out, (const uint8_t *)&word + skip, n);
	}
}

static uint64_t count_wrong(const uint8_t *got, const uint8_t *want, size_t len)
{
	uint64_t wrong = 0;
	size_t i;

	for (i = 0; i < len; i++)
		wrong += got[i] != want[i];
	return wrong;
}

void stream_data(struct stream *s, const void *data, size_t len)
{
	const uint8_t *got = data;
	uint64_t now = cli_now_ms();
	uint8_t want[CHUNK];
	size_t n;

	if (s->at && now - s->last_ms > s->gap_ms)
		s->gap_ms = now - s->last_ms;
	s->last_ms = now;
	s->received += len;
	for (; len; got += n, s->at += n, len -= n) {
		n = len < sizeof(want) ? len : sizeof(want);
		stream_fill(want, n, s->at);
		if (memcmp(got, want, n) != 0)
			s->corrupt += count_wrong(got, want, n);
	}
}

bool stream_over(const struct stream *s)
{
	return cli_stopped() || cli_now_ms() >= s->deadline_ms;
}

bool stream_wait(const struct stream *s, int fd)
{
	struct pollfd pfd = { .fd = fd, .events = POLLIN };

	/* In steps: a signal may come just before poll(). */
	while (!stream_over(s))
		if (poll(&pfd, 1, TICK_MS) > 0)
			return true;
	return false;
}

int stream_selftest(void)
{
	static uint8_t whole[3 * CHUNK + 5], part[CHUNK];
	struct stream s = { 0 };
	int failed = 0;
	size_t at;

	stream_fill(whole, sizeof(whole), 0);
	for (at = 0; at < 20; at++) {
		stream_fill(part, 100 + at, at);
		failed += memcmp(part, whole + at, 100 + at) != 0;
	}
	stream_data(&s, whole, 13);
	stream_data(&s, whole + 13, sizeof(whole) - 13);
	failed += s.received != sizeof(whole) || s.corrupt;
	whole[CHUNK] ^= 1;
	s.at = 0;
	stream_data(&s, whole, sizeof(whole));
	failed += s.corrupt != 1;
	s.at = 1; /* all is misplaced; few bytes are right by chance */
	stream_data(&s, whole, sizeof(whole));
	failed += s.corrupt < sizeof(whole) / 2;
	if (failed)
		printf("# %d checks of a stream failed\n", failed);
	return failed;
}
