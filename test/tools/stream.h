/* SPDX-License-Identifier: Apache-2.0 */
/* A TCP stream in which each byte follows from its position, so that any misplaced one is seen. */
#ifndef NKT_STREAM_H
#define NKT_STREAM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* What a receiver got, over all its connections. */
struct stream {
	uint64_t at; /* position in the present connection */
	uint64_t received;
	uint64_t corrupt;     /* of received: bytes that are not what belongs there */
	uint64_t copied;      /* of received: not by zero copy */
	uint64_t last_ms;     /* cli_now_ms() of the last bytes */
	uint64_t gap_ms;      /* longest time without bytes in a connection, after its first */
	uint64_t deadline_ms; /* cli_now_ms() at which waiting ends */
	int error;	      /* negative errno that ended a connection, or 0 */
};

/* Writes what belongs at a position. */
void stream_fill(void *buf, size_t len, uint64_t at);

/* Checks and counts what came next. */
void stream_data(struct stream *s, const void *data, size_t len);

/* Time is up, or the program is told to stop. */
bool stream_over(const struct stream *s);

/* Waits until a socket is readable. Returns false if the stream is over. */
bool stream_wait(const struct stream *s, int fd);

int stream_selftest(void);

#endif
