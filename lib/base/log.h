/* SPDX-License-Identifier: Apache-2.0 */
/*
 * log.h - messages for the operator: on stderr, which runtimes copy to their own log, and in a file
 *
 * Each message is one line, written at once, so that lines of concurrent plugins do not mix.
 * Nothing here fails: a lost message must not fail the call. The file must be a regular file that
 * only root can have put there, and must be empty or begin with a line of nk-cni.
 *
 * Lines of the file are text, or JSON objects: one for each warning, and one for the call itself.
 */
#ifndef NK_LOG_H
#define NK_LOG_H

#include <stdbool.h>

struct nk_error;

enum nk_log_level {
	NK_LOG_ERROR,
	NK_LOG_WARNING,
	NK_LOG_INFO,
	NK_LOG_DEBUG,
};

/* nk_log_init() - drop messages below @level. @file: path, or empty; @json: write JSON to it; @network: may be filled
 * later. The texts must outlive all messages. Without this call warnings go to stderr.
 */
void nk_log_init(enum nk_log_level level, const char *file, bool json, const char *network);

/* nk_log_subject() - the subject of the call, for each line of the file; empty texts if there is no container. They
 * must outlive all messages.
 */
void nk_log_subject(const char *command, const char *pod, const char *container,
		    const char *ifname);

/* nk_log_level() - look up a level's name. Return: enum nk_log_level, or -1 */
int nk_log_level(const char *name);

/* nk_log() - by one of the following. An error, with which the call fails, goes to the file alone: the runtime
 * gets it on stdout. A warning is an error that was tolerated or repaired. Info is what the call did. Debug is where
 * its time went.
 */
void nk_log(enum nk_log_level level, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

#define nk_log_warn(...) nk_log(NK_LOG_WARNING, __VA_ARGS__)
#define nk_log_info(...) nk_log(NK_LOG_INFO, __VA_ARGS__)

/**
 * nk_log_phase() - the time since the last call was spent on @name
 * @name: of static storage. A name that comes again is counted together.
 *
 * The first call counts the processor's time since the start of the process, which the loader took.
 */
void nk_log_phase(const char *name);

/* nk_log_call() - the call has ended. @err: with which it failed, or NULL. As text: an error or an info, and with level
 * debug a line with the sum of all phases in milliseconds and each of them. As JSON: one line with all of this, whatever
 * the level.
 */
void nk_log_call(const struct nk_error *err);

/* nk_log_tolerated() - an error that does not fail the call, as a warning with its remedy */
void nk_log_tolerated(const struct nk_error *err);

/* nk_log_keep_first() - the first failure of several, into @err; the later ones are logged. @mine, the error of the
 * call that returned @rc, is reset for the next one. Return: @first, or else @rc
 */
int nk_log_keep_first(int first, int rc, struct nk_error *err, struct nk_error *mine);

#endif
