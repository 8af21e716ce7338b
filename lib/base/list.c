// SPDX-License-Identifier: Apache-2.0
/* list.c - lists that are read wholly before they are walked */
#include "base/list.h"

#include "base/error.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/banned.h"

int nk_list_append(void *at, uint32_t *count, const void *entry, size_t size, struct nk_error *err)
{
	char *grown;

	memcpy(&grown, at, sizeof(grown));
	if (!(*count & (*count - 1))) { /* a power of two, or 0: it is full */
		grown = reallocarray(grown, *count ? 2 * (size_t)*count : 1, size);
		if (!grown)
			return nk_error_no_memory(err);
		memcpy(at, &grown, sizeof(grown));
	}
	memcpy(grown + (size_t)*count * size, entry, size);
	++*count;
	return 0;
}
