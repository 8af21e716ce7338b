// SPDX-License-Identifier: Apache-2.0
/* error.c - fill, wrap and reset the error object; errno names */
#include "base/error.h"

#include <errno.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

static int __attribute__((format(printf, 5, 0))) fill_error(struct nk_error *err, enum nk_code code,
							    int sys, const char *msg,
							    const char *fmt, va_list ap)
{
	if (!sys)
		sys = EINVAL;
	if (err->code != NK_CODE_NONE)
		return -sys;
	err->code = code;
	err->sys = sys;
	snprintf(err->msg, sizeof(err->msg), "%s", msg);
	vsnprintf(err->details, sizeof(err->details), fmt, ap);
	return -sys;
}

int nk_error_set(struct nk_error *err, enum nk_code code, int sys, const char *msg, const char *fmt,
		 ...)
{
	va_list ap;
	int rc;

	va_start(ap, fmt);
	rc = fill_error(err, code, sys, msg, fmt, ap);
	va_end(ap);
	return rc;
}

int nk_error_config(struct nk_error *err, const char *fmt, ...)
{
	va_list ap;
	int rc;

	va_start(ap, fmt);
	rc = fill_error(err, NK_CODE_CONFIG, EINVAL, "invalid network configuration", fmt, ap);
	va_end(ap);
	return rc;
}

int nk_error_sys(struct nk_error *err, enum nk_code code, const char *msg, const char *fmt, ...)
{
	const int sys = errno;
	char details[sizeof(err->details)];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(details, sizeof(details), fmt, ap);
	va_end(ap);
	return nk_error_set(err, code, sys, msg, "%s: %s", details, nk_errno_name(sys));
}

void nk_error_wrap(struct nk_error *err, const char *fmt, ...)
{
	char old[sizeof(err->details)];
	va_list ap;
	int n;

	memcpy(old, err->details, sizeof(old));
	va_start(ap, fmt);
	n = vsnprintf(err->details, sizeof(err->details), fmt, ap);
	va_end(ap);
	if (n < 0 || (size_t)n >= sizeof(err->details) || !old[0])
		return;
	snprintf(err->details + n, sizeof(err->details) - (size_t)n, ": %s", old);
}

void nk_error_note(struct nk_error *err, const char *fmt, ...)
{
	size_t used = strlen(err->details);
	va_list ap;

	if (used + 3 >= sizeof(err->details))
		return;
	if (used) {
		memcpy(err->details + used, "; ", 3);
		used += 2;
	}
	va_start(ap, fmt);
	vsnprintf(err->details + used, sizeof(err->details) - used, fmt, ap);
	va_end(ap);
}

int nk_error_remedy(struct nk_error *err, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(err->remedy, sizeof(err->remedy), fmt, ap);
	va_end(ap);
	return -err->sys;
}

int nk_error_no_memory(struct nk_error *err)
{
	return nk_error_set(err, NK_CODE_INTERNAL, ENOMEM, "out of memory", "%s", "");
}

int nk_error_busy(struct nk_error *err, const char *fmt, ...)
{
	const bool is_first = err->code == NK_CODE_NONE;
	va_list ap;
	int rc;

	va_start(ap, fmt);
	rc = fill_error(err, NK_CODE_RETRY, EAGAIN, "busy", fmt, ap);
	va_end(ap);
	if (is_first)
		nk_error_remedy(err, "try again later");
	return rc;
}

void nk_error_class(struct nk_error *err, enum nk_code code, const char *fmt, ...)
{
	va_list ap;

	err->code = code;
	va_start(ap, fmt);
	vsnprintf(err->msg, sizeof(err->msg), fmt, ap);
	va_end(ap);
}

void nk_error_reset(struct nk_error *err)
{
	*err = (struct nk_error){ 0 };
}

const char *nk_errno_name(int sys)
{
	/* The kernel's names: a libc may have another one, or none. An array of arrays takes no relocations. */
	static const char names[][20] = {
#include "errno_names.h"
	};

	if (sys == 524)
		return "ENOTSUPP"; /* kernel-internal; no header has it */
	if (sys <= 0 || (size_t)sys >= sizeof(names) / sizeof(names[0]) || !*names[sys])
		return "unknown errno";
	return names[sys];
}
