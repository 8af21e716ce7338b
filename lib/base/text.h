/* SPDX-License-Identifier: Apache-2.0 */
/*
 * text.h - make untrusted text safe for a terminal and a shell
 *
 * The kernel accepts device names with quotes, dollar signs and escape sequences, and keys of a
 * configuration can hold any text.
 */
#ifndef NK_TEXT_H
#define NK_TEXT_H

#include <stdbool.h>
#include <stdio.h>

struct nk_error;

/* nk_text_is_control() - does the text begin with an ASCII control character, or with an ISO 8859-1
 * control character encoded as UTF-8?
 */
bool nk_text_is_control(const char *utf8);

/* nk_text_ends() - is there a NUL within the @size bytes? */
bool nk_text_ends(const char *text, size_t size);

/**
 * nk_text_close() - close a stream of open_memstream() and drop the last newline, which main() adds again
 * @out: NULL: it could not be opened
 * @text: that of the stream; freed and NULL when out of memory
 */
int nk_text_close(FILE *out, char **text, struct nk_error *err);

/* nk_text_clean() - replace every byte that is neither printable ASCII nor in @keep with '?'. */
void nk_text_clean(char *text, const char *keep);

/**
 * nk_text_quote() - quote a name as one shell word
 * @name: a device name, at most 15 bytes; a longer one is cut
 *
 * Plain names are unchanged. Others get single quotes, or $'...' if they have unprintable bytes.
 * Return: @ret
 */
#define NK_QUOTED_SIZE 72
const char *nk_text_quote(const char *name, char ret[NK_QUOTED_SIZE]);

/* NK_QUOTED() - the same, in a buffer that lives until the end of the enclosing block */
#define NK_QUOTED(name) nk_text_quote(name, (char[NK_QUOTED_SIZE]){ 0 })

#endif
