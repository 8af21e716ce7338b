/* SPDX-License-Identifier: Apache-2.0 */
/*
 * text.h - text of others on a terminal and in commands
 *
 * The kernel takes names of devices with quotes, dollar signs and escape sequences in them, and
 * keys of a configuration can hold anything.
 */
#ifndef NK_TEXT_H
#define NK_TEXT_H

#include <stdbool.h>

/* nk_text_is_control() - does the text begin with a control character of ASCII, or with one of ISO
 * 8859-1 as UTF-8?
 */
bool nk_text_is_control(const char *utf8);

/* nk_text_clean() - every byte that is neither printable ASCII nor in @keep becomes '?'. */
void nk_text_clean(char *text, const char *keep);

/**
 * nk_text_quote() - a name as one word of a shell
 * @name: of at most 15 bytes, as devices have; the rest of a longer one is left out
 *
 * As it is where it is plain; else in single quotes; else, with bytes that are not printable, as the
 * shell's $'...'. Return: @ret
 */
#define NK_QUOTED_SIZE 72
const char *nk_text_quote(const char *name, char ret[NK_QUOTED_SIZE]);

/* NK_QUOTED() - the same in a buffer that lives as long as the block it is used in */
#define NK_QUOTED(name) nk_text_quote(name, (char[NK_QUOTED_SIZE]){ 0 })

#endif
