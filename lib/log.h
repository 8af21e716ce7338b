/* SPDX-License-Identifier: Apache-2.0 */
/* log.h - notes for the operator on stderr, which runtimes copy to their own log */
#ifndef NK_LOG_H
#define NK_LOG_H

/* nk_log_warn() - something was tolerated or repaired; one line, never fails. */
void nk_log_warn(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

#endif
