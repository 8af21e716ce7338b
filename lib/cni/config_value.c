// SPDX-License-Identifier: Apache-2.0
/* config_value.c - refuse a value of the configuration, and look up words */
#include "cni/config_parts.h"

#include "base/error.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/banned.h"

int nk_config_unsupported(struct nk_error *err, const char *key, const char *value)
{
	char msg[160];

	snprintf(msg, sizeof(msg), "unsupported field \"%s\": \"%.64s\"", key, value);
	nk_error_set(err, NK_CODE_UNSUPPORTED, EINVAL, msg,
		     "this version of nk-cni does not support it");
	return nk_error_remedy(err, "remove the field");
}

int nk_config_invalid(struct nk_error *err, const char *key, const char *value, const char *wanted)
{
	return nk_error_config(err, "%s: \"%.64s\" is not %s", key, value, wanted);
}

int nk_config_missing(struct nk_error *err, const char *what)
{
	return nk_error_config(err, "missing %s", what);
}

int nk_config_look_up(const char *key, const char *text, const struct nk_config_word *words,
		      uint32_t *ret, struct nk_error *err)
{
	const struct nk_config_word *word;
	char wanted[64];
	size_t used = 0;

	for (word = words; word->text; word++) {
		if (*text && strcmp(text, word->text) != 0)
			continue;
		*ret = word->value;
		return 0;
	}
	for (word = words; word->text && used < sizeof(wanted); word++)
		used += (size_t)snprintf(wanted + used, sizeof(wanted) - used, "%s\"%s\"",
					 word == words ? "" :
					 word[1].text  ? ", " :
							 " or ",
					 word->text);
	return nk_config_invalid(err, key, text, wanted);
}
