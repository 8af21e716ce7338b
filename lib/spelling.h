/* SPDX-License-Identifier: Apache-2.0 */
/* spelling.h - which known word was meant by one that is not known? */
#ifndef NK_SPELLING_H
#define NK_SPELLING_H

#include <stdbool.h>

/* nk_spelling_is_near() - is @text @word but for case and one edit: a letter too many, one too few,
 * another one, or two neighbours in the wrong order?
 */
bool nk_spelling_is_near(const char *text, const char *word);

#endif
