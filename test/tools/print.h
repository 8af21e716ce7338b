/* SPDX-License-Identifier: Apache-2.0 */
/* Prints objects and arrays on one line, as JSON or in the style of the kernel's ynl tool. */
#ifndef NKT_PRINT_H
#define NKT_PRINT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * Calling sequence: print_init(), then values; print_begin() and print_end() must pair.
 * Inside an array, and for the outermost value, the key is NULL.
 */
struct print {
	bool json;
	bool first; /* no comma before the next value */
};

void print_init(struct print *p, bool json);
void print_begin(struct print *p, const char *key, char bracket);
void print_end(struct print *p, char bracket);
/* Ends the line and flushes, so that a reader on a pipe sees it at once. */
void print_newline(struct print *p);
void print_u64(struct print *p, const char *key, uint64_t value);
void print_s64(struct print *p, const char *key, int64_t value);
void print_bool(struct print *p, const char *key, bool value);
/* Takes any bytes: what JSON does not allow is escaped. */
void print_str(struct print *p, const char *key, const char *text);
/* A byte string in hexadecimal, with the separator between bytes, or none when it is NUL. */
void print_hex(struct print *p, const char *key, const void *data, size_t len, char separator);

#endif
