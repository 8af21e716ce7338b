// SPDX-License-Identifier: Apache-2.0
/* Prints objects and arrays on one line, as JSON or in the style of the kernel's ynl tool. */
#include "print.h"

#include <inttypes.h>
#include <stdio.h>

void print_init(struct print *p, bool json)
{
	*p = (struct print){ .json = json, .first = true };
}

static void quoted(const struct print *p, const char *text)
{
	char quote = p->json ? '"' : '\'';

	putchar(quote);
	for (; *text; text++) {
		unsigned char c = (unsigned char)*text;

		if (c == (unsigned char)quote || c == '\\')
			printf("\\%c", c);
		else if (c < 0x20 || c >= 0x7f)
			printf("\\u%04x", c);
		else
			putchar(c);
	}
	putchar(quote);
}

static void start(struct print *p, const char *key)
{
	if (!p->first)
		fputs(p->json ? "," : ", ", stdout);
	p->first = false;
	if (!key)
		return;
	quoted(p, key);
	fputs(p->json ? ":" : ": ", stdout);
}

void print_begin(struct print *p, const char *key, char bracket)
{
	start(p, key);
	putchar(bracket);
	p->first = true;
}

void print_end(struct print *p, char bracket)
{
	putchar(bracket);
	p->first = false;
}

void print_newline(struct print *p)
{
	putchar('\n');
	fflush(stdout);
	p->first = true;
}

void print_u64(struct print *p, const char *key, uint64_t value)
{
	start(p, key);
	printf("%" PRIu64, value);
}

void print_s64(struct print *p, const char *key, int64_t value)
{
	start(p, key);
	printf("%" PRId64, value);
}

void print_bool(struct print *p, const char *key, bool value)
{
	start(p, key);
	if (p->json)
		fputs(value ? "true" : "false", stdout);
	else
		fputs(value ? "True" : "False", stdout);
}

void print_str(struct print *p, const char *key, const char *text)
{
	start(p, key);
	quoted(p, text);
}

void print_hex(struct print *p, const char *key, const void *data, size_t len, char separator)
{
	const uint8_t *byte = data;
	size_t i;

	start(p, key);
	putchar(p->json ? '"' : '\'');
	for (i = 0; i < len; i++) {
		if (i && separator)
			putchar(separator);
		printf("%02x", byte[i]);
	}
	putchar(p->json ? '"' : '\'');
}
