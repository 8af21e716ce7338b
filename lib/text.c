// SPDX-License-Identifier: Apache-2.0
/* text.c - text of others on a terminal and in commands */
#include "text.h"

#include <stdio.h>
#include <string.h>

#include "banned.h"

#define NAME_MAX_BYTES 15

/* is_printable() - in ASCII, whatever the locale is */
static bool is_printable(char c)
{
	return c >= ' ' && c <= '~';
}

bool nk_text_is_control(const char *utf8)
{
	const unsigned char *c = (const unsigned char *)utf8;

	return *c < ' ' || *c == 0x7f || (*c == 0xc2 && c[1] < 0xa0);
}

void nk_text_clean(char *text, const char *keep)
{
	for (; *text; text++)
		if (!is_printable(*text) && !strchr(keep, *text))
			*text = '?';
}

/* is_plain() - does a shell take it as it is? */
static bool is_plain(const char *name)
{
	return *name && *name != '-' &&
	       !name[strspn(name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
				  "0123456789_-.:/@%+,")];
}

const char *nk_text_quote(const char *name, char ret[NK_QUOTED_SIZE])
{
	const char *quotes = "'", *c;
	int used, i;

	if (is_plain(name)) {
		snprintf(ret, NK_QUOTED_SIZE, "%.*s", NAME_MAX_BYTES, name);
		return ret;
	}
	for (c = name; *c; c++)
		if (!is_printable(*c) || *c == '\'' || *c == '\\')
			quotes = "$'";
	used = snprintf(ret, NK_QUOTED_SIZE, "%s", quotes);
	for (i = 0; i < NAME_MAX_BYTES && name[i]; i++) {
		const bool is_raw = is_printable(name[i]) && name[i] != '\'' && name[i] != '\\';

		used += snprintf(ret + used, NK_QUOTED_SIZE - (size_t)used,
				 is_raw ? "%c" : "\\x%02x",
				 is_raw ? name[i] : (unsigned char)name[i]);
	}
	snprintf(ret + used, NK_QUOTED_SIZE - (size_t)used, "'");
	return ret;
}
