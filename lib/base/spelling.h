/* SPDX-License-Identifier: Apache-2.0 */
/* spelling.h - find the known word that was misspelt */
#ifndef NK_SPELLING_H
#define NK_SPELLING_H

#include <stdbool.h>

/* nk_spelling_is_near() - does @text equal @word, ignoring case and one edit: a letter added,
 * missing, replaced or swapped with its neighbour?
 */
bool nk_spelling_is_near(const char *text, const char *word);

#endif
