/* SPDX-License-Identifier: Apache-2.0 */
/*
 * error.h - the one error object of a call
 *
 * Every function that can fail returns 0 (or a value >= 0) or a negative errno, and on failure
 * fills the caller's struct nk_error, its last argument. Callers branch on the errno, people read
 * the object. Success leaves it untouched; the first error wins; only main() prints it.
 *
 * A filled error reads, once printed:
 *   {"code": 100, "msg": "<short class>", "details": "<what: on what: what the kernel said>;
 *    remedy: <what to do>"}
 * The object is of fixed size and needs no cleanup, so that filling it cannot fail.
 */
#ifndef NK_ERROR_H
#define NK_ERROR_H

/* CNI error codes. 1-99 are the CNI specification's ("Error" section), 100 and up are ours. */
enum nk_code {
	NK_CODE_NONE = 0,
	NK_CODE_VERSION = 1,	 /* cniVersion not supported */
	NK_CODE_UNSUPPORTED = 2, /* a field we do not support; msg holds its key and value */
	NK_CODE_UNKNOWN = 3,	 /* container or netns unknown: nothing was done, no DEL needed */
	NK_CODE_ENV = 4,	 /* bad CNI_* variable; msg holds its name */
	NK_CODE_IO = 5,		 /* stdin or stdout failed */
	NK_CODE_JSON = 6,	 /* not JSON */
	NK_CODE_CONFIG = 7, /* invalid value; details hold its JSON path and the allowed range */
	NK_CODE_RETRY = 11, /* try again later; everything was rolled back */
	NK_CODE_UNAVAILABLE = 50, /* STATUS: ADD could not be served */
	NK_CODE_DEGRADED = 51,	  /* STATUS: and existing containers may suffer */
	NK_CODE_KERNEL = 100,	  /* the kernel or the NIC refused */
	NK_CODE_BPF = 101,	  /* bpf(2) or bpffs refused */
	NK_CODE_CHECK = 102,	  /* CHECK: found is not what was made */
	NK_CODE_INTERNAL = 103,	  /* out of memory, and what must not happen */
	NK_CODE_IPAM = 104, /* the IPAM plugin hung, died or answered garbage; its own errors keep
				 * the code that it gave them, which may be none of these
				 */
};

struct nk_error {
	enum nk_code code; /* NK_CODE_NONE: no error */
	int sys;	   /* errno, positive, or 0 */
	char msg[192];	   /* short class, stable */
	char details[2048];
	char remedy[384]; /* empty where we know none */
};

/**
 * nk_error_set() - fill @err, unless it holds an earlier error
 * @sys: the errno, positive, that the caller is to see; 0 stands for EINVAL
 * @msg: the short class
 * @fmt: details, most general first; may be empty
 *
 * Return: -@sys, so that a caller can write "return nk_error_set(...)"
 */
int nk_error_set(struct nk_error *err, enum nk_code code, int sys, const char *msg, const char *fmt,
		 ...) __attribute__((format(printf, 5, 6)));

/* nk_error_wrap() - put "context: " before the details. */
void nk_error_wrap(struct nk_error *err, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));

/* nk_error_note() - put "; text" behind the details: what else went wrong, during rollback say. */
void nk_error_note(struct nk_error *err, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));

/* nk_error_remedy() - say what to do about it; replaces an earlier remedy. */
void nk_error_remedy(struct nk_error *err, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));

/* nk_error_class() - give a kernel's refusal the class that its caller knows; details stay. */
void nk_error_class(struct nk_error *err, enum nk_code code, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

/* nk_error_reset() - forget an error that the caller tolerates; the call shows that it is meant. */
void nk_error_reset(struct nk_error *err);

/* nk_errno_name() - "EBUSY" for 16; the name used in kernel sources where two share a number. */
const char *nk_errno_name(int sys);

#endif
