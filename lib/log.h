/* SPDX-License-Identifier: Apache-2.0 */
/*
 * log.h - notes for the operator: on stderr, which runtimes copy to their own log, and in a file
 *
 * One line each, written at once, so that those of plugins running at once do not mix. Nothing here
 * fails: a note that is lost must not cost a Pod its network. The file is written only if it is a regular one
 * that root alone can have put there and that begins with a line of ours, or is empty.
 */
#ifndef NK_LOG_H
#define NK_LOG_H

enum nk_log_level {
	NK_LOG_ERROR,
	NK_LOG_WARNING,
	NK_LOG_INFO,
};

/* nk_log_init() - what is less than @level is left out; @file: path, or empty for none; @file stays the
 * caller's. Without it warnings go to stderr.
 */
void nk_log_init(enum nk_log_level level, const char *file);

/* nk_log_subject() - whose call it is, for each line of the file; empty where there is no container */
void nk_log_subject(const char *pod, const char *container, const char *ifname);

/* nk_log_level() - by its name in a configuration. Return: enum nk_log_level, or -1 */
int nk_log_level(const char *name);

/* nk_log_error() - the call has failed, as the runtime is told on stdout: for the file alone. */
void nk_log_error(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

/* nk_log_warn() - something was tolerated or repaired. */
void nk_log_warn(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

/* nk_log_info() - what was done. */
void nk_log_info(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

#endif
