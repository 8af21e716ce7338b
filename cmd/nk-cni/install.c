// SPDX-License-Identifier: Apache-2.0
/* install.c - "nk-cni install": this executable as a file of the node */
#include "node/install.h"

#include "base/cleanup.h"
#include "base/error.h"
#include "base/text.h"
#include "commands.h"
#include "subcommand.h"

#include <signal.h>
#include <stdio.h>
#include <string.h>

#include "base/banned.h"

static int read_files(struct nk_install *install, const struct nk_invocation *invocation,
		      struct nk_error *err)
{
	int rc = nk_install_add_self(install, invocation->dir, err);

	if (!rc && invocation->conf)
		rc = nk_install_add_conf(install, invocation->conf, invocation->conf_dir, err);
	return rc;
}

int nk_cmd_install(const struct nk_invocation *invocation, bool remove, char **ret,
		   struct nk_error *err)
{
	off_stack struct nk_install install; /* of both calls, so it is released with the second */
	int closed, rc = install.count ? 0 : read_files(&install, invocation, err);
	size_t size;
	FILE *out;

	if (!rc) {
		out = open_memstream(ret, &size);
		if (out)
			rc = (remove ? nk_install_remove : nk_install_put)(&install, out, err);
		closed = nk_text_close(out, ret, err);
		rc = rc ? rc : closed;
	}
	if (rc || remove)
		nk_install_fini(&install);
	return rc;
}

void nk_cmd_install_wait(void)
{
	sigset_t set;
	int number;

	sigemptyset(&set);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGINT);
	while (sigwait(&set, &number))
		;
}
