// SPDX-License-Identifier: Apache-2.0
/* log.c - one line a call on stderr */
#include "log.h"

#include <stdarg.h>
#include <stdio.h>

void nk_log_warn(const char *fmt, ...)
{
	va_list ap;

	/* One buffered line, so that lines of plugins running at once do not mix. */
	flockfile(stderr);
	fputs("nk-cni: warning: ", stderr);
	va_start(ap, fmt);
	vfprintf(stderr, fmt, ap);
	va_end(ap);
	fputc('\n', stderr);
	funlockfile(stderr);
}
