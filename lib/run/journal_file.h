/* SPDX-License-Identifier: Apache-2.0 */
/* journal_file.h - names of the journal's directories and files; for journal*.c alone */
#ifndef NK_JOURNAL_FILE_H
#define NK_JOURNAL_FILE_H

#include "run/rundir.h"

#include <net/if.h>
#include <stdio.h>

/* NICs have directories in NK_RUN_DIR too; their names are escaped and contain no '.'. */
#define NK_JOURNAL_DIR	      NK_RUN_DIR "/journal.d"
#define NK_JOURNAL_NAME_SIZE  (2 * IFNAMSIZ + 16)
#define NK_JOURNAL_CANNOT_USE "cannot use the journal"

/* Kinds of files, see journal.h */
#define NK_JOURNAL_ADD		"add"
#define NK_JOURNAL_IPAM		"ipam"
#define NK_JOURNAL_NEW		"new" /* one of these, before it is renamed */
#define NK_JOURNAL_LOCK		"lock"

#define NK_JOURNAL_NETWORK_LOCK ".lock" /* container ids never begin with a dot */

#define NK_JOURNAL_POSTPONE_S	60 /* a plugin that failed is not called again for so long */

/* nk_journal_dir() - @container_id: NULL: the directory of the network */
static inline void nk_journal_dir(const char *network, const char *container_id,
				  char ret[NK_RUN_PATH_SIZE])
{
	snprintf(ret, NK_RUN_PATH_SIZE, NK_JOURNAL_DIR "/%s%s%s", network, container_id ? "/" : "",
		 container_id ? container_id : "");
}

#endif
