// SPDX-License-Identifier: Apache-2.0
/* spelling.c - compare words up to one edit */
#include "base/spelling.h"

#include <ctype.h>
#include <string.h>

#include "base/banned.h"

static bool is_same_letter(char a, char b)
{
	return tolower((unsigned char)a) == tolower((unsigned char)b);
}

bool nk_spelling_is_near(const char *text, const char *word)
{
	size_t a, b;

	while (*text && is_same_letter(*text, *word)) {
		text++;
		word++;
	}
	a = strlen(text);
	b = strlen(word);
	while (a && b && is_same_letter(text[a - 1], word[b - 1])) {
		a--;
		b--;
	}
	/* The difference is what remains between the common prefix and the common suffix. */
	if (a <= 1 && b <= 1)
		return true;
	return a == 2 && b == 2 && is_same_letter(text[0], word[1]) &&
	       is_same_letter(text[1], word[0]);
}
