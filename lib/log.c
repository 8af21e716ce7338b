// SPDX-License-Identifier: Apache-2.0
/* log.c - one line a call on stderr */
#include "log.h"

#include <ctype.h>
#include <stdarg.h>
#include <stdio.h>
#include <unistd.h>

#include "banned.h"

void nk_log_warn(const char *fmt, ...)
{
	char line[512] = "nk-cni: warning: ";
	size_t start = sizeof("nk-cni: warning: ") - 1, i;
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(line + start, sizeof(line) - start - 1, fmt, ap);
	va_end(ap);
	for (i = start; line[i]; i++)
		if (!isprint((unsigned char)line[i]))
			line[i] = '?'; /* keys of a configuration can hold anything */
	line[i++] = '\n';
	/* One write, so that lines of plugins running at once do not mix; a lost one is no error. */
	if (write(STDERR_FILENO, line, i) < 0)
		return;
}
