/* SPDX-License-Identifier: Apache-2.0 */
/*
 * error.h - the error object of a call
 *
 * A function that can fail returns 0 (or a value >= 0) or a negative errno. On failure it fills
 * the caller's struct nk_error, its last argument, which is empty on entry. Callers branch on the
 * errno; the object is for people. Success leaves it unchanged; the first error wins; only main()
 * prints it. A caller that goes on after a failure has a second object: nk_log_keep_first().
 *
 * Printed, an error reads:
 *    {"code": 100, "msg": "<short class>", "details": "<what: on what: what the kernel said>;
 *     remedy: <what to do>"}
 * The object has a fixed size and needs no cleanup, so filling it cannot fail.
 */
#ifndef NK_ERROR_H
#define NK_ERROR_H

/* CNI error codes. The CNI specification ("Error" section) defines 1-99; 100 and up are ours. */
enum nk_code {
	NK_CODE_NONE = 0,
	NK_CODE_VERSION = 1,	 /* cniVersion not supported */
	NK_CODE_UNSUPPORTED = 2, /* unsupported field; msg holds its key and value */
	NK_CODE_UNKNOWN = 3,	 /* container or netns unknown: nothing was done, no DEL needed */
	NK_CODE_ENV = 4,	 /* invalid CNI_* variable; msg holds its name */
	NK_CODE_IO = 5,		 /* stdin or stdout failed */
	NK_CODE_JSON = 6,	 /* not JSON */
	NK_CODE_CONFIG = 7,	 /* invalid value; details hold its JSON path and the valid range */
	NK_CODE_RETRY = 11,	 /* try again later; everything was rolled back */
	NK_CODE_UNAVAILABLE = 50, /* STATUS: ADD would fail */
	NK_CODE_DEGRADED = 51, /* STATUS: ADD would fail, and existing containers may be affected */
	NK_CODE_KERNEL = 100,  /* the kernel or the NIC refused */
	NK_CODE_BPF = 101,     /* bpf(2) or bpffs refused */
	NK_CODE_CHECK = 102,   /* CHECK: what exists differs from what ADD created */
	NK_CODE_INTERNAL = 103, /* out of memory, or a bug */
	NK_CODE_IPAM = 104,	/* the IPAM plugin failed; its own errors keep their code */
};

#define NK_REMEDY_ROOT "run nk-cni as root (CAP_NET_ADMIN, CAP_SYS_ADMIN, CAP_BPF)"

struct nk_error {
	enum nk_code code; /* NK_CODE_NONE: no error */
	int sys;	   /* errno, positive, or 0 */
	char msg[192];	   /* short class, stable */
	char details[2048];
	char remedy[384]; /* may be empty */
};

/**
 * nk_error_set() - fill @err, unless it holds an earlier error
 * @sys: errno that the caller returns, positive; 0: EINVAL
 * @msg: the short class
 * @fmt: details, most general first; may be empty
 *
 * Return: -@sys, so that a caller can write "return nk_error_set(...)"
 */
int nk_error_set(struct nk_error *err, enum nk_code code, int sys, const char *msg, const char *fmt,
		 ...) __attribute__((format(printf, 5, 6)));

/* nk_error_sys() - the same for a system call that failed: with errno, and ": ERRNO" behind the details */
int nk_error_sys(struct nk_error *err, enum nk_code code, const char *msg, const char *fmt, ...)
	__attribute__((format(printf, 4, 5)));

/* nk_error_wrap() - put "context: " before the details. */
void nk_error_wrap(struct nk_error *err, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));

/* nk_error_note() - append "; text" to the details: another failure, for example of the rollback. */
void nk_error_note(struct nk_error *err, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));

/* nk_error_remedy() - set the remedy: what to do about the error; replaces an earlier one. Return: the errno of
 * @err, negative, so that a caller can write "return nk_error_remedy(...)"
 */
int nk_error_remedy(struct nk_error *err, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));

/* nk_error_config() - "invalid network configuration"; @fmt: JSON path, value, reason. Return: -EINVAL */
int nk_error_config(struct nk_error *err, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));

/* nk_error_no_memory() - "out of memory". Return: -ENOMEM */
int nk_error_no_memory(struct nk_error *err);

/* nk_error_busy() - "busy", for a call that may succeed when it is repeated. Return: -EAGAIN */
int nk_error_busy(struct nk_error *err, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* nk_error_class() - replace code and msg with the caller's more specific ones; keep the details. */
void nk_error_class(struct nk_error *err, enum nk_code code, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

/* nk_error_reset() - discard an error that the caller tolerates on purpose. */
void nk_error_reset(struct nk_error *err);

/* nk_errno_name() - "EBUSY" for 16; if two names share a number, the one used in kernel sources. */
const char *nk_errno_name(int sys);

#endif
