// SPDX-License-Identifier: Apache-2.0
/* text.c - make untrusted text safe for a terminal and a shell */
#include "base/text.h"

#include "base/error.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/banned.h"

#define NAME_MAX_BYTES 15

/* is_printable() - printable ASCII, independent of the locale */
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

bool nk_text_ends(const char *text, size_t size)
{
	return strnlen(text, size) < size;
}

int nk_text_close(FILE *out, char **text, struct nk_error *err)
{
	size_t size;

	if (!out || fclose(out)) {
		if (out)
			free(*text);
		*text = NULL;
		return nk_error_no_memory(err);
	}
	size = strlen(*text);
	if (size && (*text)[size - 1] == '\n')
		(*text)[size - 1] = '\0';
	return 0;
}

/* is_plain() - needs no quoting in a shell */
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
